import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The sheets of single regions, in the order in which one outdoes another; true: a live room does without it. */
const SHEETS = { "diagram/diagram": true, "header/regions": true, "log/logs": false, "rules/rules": true,
  "share/share": true, "stage/stage": false, "story/story": false, "study/studies": true, "time/time": false };

/** The style sheet of a page, "room" or one of the lab's: src/page.css, then those of regions. */
export function readStyles(web, page) {
  const regions = Object.keys(SHEETS).filter((name) => !(page === "room" && SHEETS[name]));
  return ["page", ...regions].map((name) => readFileSync(join(web, `src/${name}.css`), "utf8")).join("\n");
}

/**
 * Turns the tokens of page.css, written once as `--name: light-dark(light, dark)`, into rules that browsers without
 * light-dark() read too: light, dark where the system says so, and either when a person chose it.
 */
export function resolveThemes(css) {
  const pairs = [...css.matchAll(/(--[\w-]+):\s*light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);/g)]
    .map(([, name, light, dark]) => ({ name, light, dark }));
  const light = pairs.map((p) => `${p.name}:${p.light};`).join("");
  const dark = pairs.map((p) => `${p.name}:${p.dark};`).join("");
  const rest = css.replace(/--[\w-]+:\s*light-dark\(#[0-9a-f]{6}, #[0-9a-f]{6}\);/g, "");
  if (rest.includes("light-dark(#"))
    throw new Error(
    "page.css: light-dark() takes two six-digit hexadecimal colours in a custom property, and stands nowhere else");
  return `:root,[data-theme="light"]{color-scheme:light;${light}}
    @media (prefers-color-scheme:dark){:root:not([data-theme="light"]){color-scheme:dark;${dark}}}
    :root[data-theme="dark"]{color-scheme:dark;${dark}}
    ${rest}`;
}

/** The same tokens as data, for the tests. */
export function themeTokens(css) {
  const tokens = { light: {}, dark: {} };
  for (const [, name, light, dark] of css.matchAll(/--([\w-]+):\s*light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);/g)) {
    tokens.light[name] = light;
    tokens.dark[name] = dark;
  }
  return tokens;
}
