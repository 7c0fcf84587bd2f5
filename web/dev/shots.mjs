/**
 * Looks at the page: builds it on the scenes of test/scenes.ts, serves it on a free port, and takes pictures with
 * Chromium into ../.build/shots.
 *     node --experimental-websocket dev/shots.mjs election:1440x900:light steady:390x844:dark:panel=story …
 */
import { mkdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { readCore } from "../sources.mjs";
import { readStyles, resolveThemes } from "../themes.mjs";

const web = join(dirname(fileURLToPath(import.meta.url)), "..");
const out = join(web, "../.build/shots");
const page = await build({ absWorkingDir: web, entryPoints: ["dev/main.ts"], bundle: true, format: "esm",
  target: "es2022", write: false, loader: { ".css": "text" }, define: { __CORE_URL__: '"/core.json"' } });
const core = JSON.stringify(readCore(join(web, "..")));
const fonts = { inter: "@fontsource-variable/inter/files/inter-latin-wght-normal.woff2",
  plex500: "@fontsource/ibm-plex-mono/files/ibm-plex-mono-latin-500-normal.woff2",
  plex600: "@fontsource/ibm-plex-mono/files/ibm-plex-mono-latin-600-normal.woff2" };
const faces =
  `@font-face{font-family:"Inter Variable";font-weight:100 900;src:url(/inter)}`
  + `@font-face{font-family:"IBM Plex Mono";font-weight:500;src:url(/plex500)}`
  + `@font-face{font-family:"IBM Plex Mono";font-weight:600;src:url(/plex600)}`;
const style = faces + resolveThemes(readStyles(web, "lab"));
const index = readFileSync(join(web, "index.html"), "utf8").replace("{{inter}}", "/inter").replace("{{style}}",
  () => style).replace("{{script}}", "/page.js").replace(/\{\{\w+\}\}/g, "");

const server = createServer((request, response) => {
  const path = new URL(request.url, "http://x").pathname.slice(1);
  if (fonts[path]) return response.end(readFileSync(join(web, "node_modules", fonts[path])));
  if (path === "core.json") return response.end(core);
  response.setHeader("content-type", path === "page.js" ? "text/javascript" : "text/html");
  response.end(path === "page.js" ? page.outputFiles[0].contents : index);
});

server.listen(Number(process.env.PORT ?? 0), "127.0.0.1", async () => {
  const { port } = server.address();
  if (process.env.PORT) return console.log(`http://127.0.0.1:${port}/?scene=election`);
  mkdirSync(out, { recursive: true });
  const { shoot } = await import("./chromium.mjs");
  const shots = process.argv.slice(2).map((spec) => {
    const [scene, size = "1440x900", theme = "light", query = ""] = spec.split(":");
    return { url: `http://127.0.0.1:${port}/?scene=${scene}&${query}`, size, theme, reduced: query.includes("reduced"),
      file: join(out, `${spec.replace(/[^\w]+/g, "-")}.png`) };
  });
  const said = await shoot(shots);
  said.forEach((value, i) => console.log(shots[i].file, ...value));
  server.close();
});
