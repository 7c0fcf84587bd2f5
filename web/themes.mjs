import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** The sheets of views that a live room does not have. */
const OF_THE_LAB = ["diagram.css", "lab.css", "rules.css", "share.css", "studies.css"];

/**
 * The style sheet of a page, "room" or one of the lab's: src/page.css, then those of single views, src/css, in the
 * order of their names.
 */
export function readStyles(web, page) {
  const sheets = readdirSync(join(web, "src/css")).filter((f) => f.endsWith(".css") &&
    !(page === "room" && OF_THE_LAB.includes(f)));
  const views = sheets.sort().map((f) => join("src/css", f));
  return ["src/page.css", ...views].map((f) => readFileSync(join(web, f), "utf8")).join("\n");
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
