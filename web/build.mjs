/**
 * Builds the page into web/dist: index.html with its style sheet inside, and everything else under assets/ with a name that changes with the content,
 * so that it may be cached for ever. Beside each file stand its .br and .gz. Prints what a first visit costs and fails when that is too much.
 *
 * RAFT_WASM_DIR: the folder with raft.wasm and wasm_exec.js (default ../.build/wasm). RAFT_DIST: where to write (default dist).
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { build, transform } from "esbuild";
import subsetFont from "subset-font";
import { readStyles, resolveThemes } from "./themes.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const dist = join(here, process.env.RAFT_DIST ?? "dist");
const wasmDir = join(here, process.env.RAFT_WASM_DIR ?? "../.build/wasm");
const cacheDir = join(here, "../.build/brotli");
const LIMIT_ALL = 1_100_000; // bytes after brotli, WebAssembly and fonts included
const LIMIT_PAGE = 150_000; // without the WebAssembly

rmSync(dist, { recursive: true, force: true });
mkdirSync(join(dist, "assets"), { recursive: true });

const wasm = readFileSync(need(join(wasmDir, "raft.wasm"), "GOOS=js GOARCH=wasm go build -o .build/wasm/raft.wasm ./wasm"));
const wasmURL = asset("raft.wasm", wasm);
const wasmExec = await transform(readFileSync(need(join(wasmDir, "wasm_exec.js"), 'cp "$(go env GOROOT)/lib/wasm/wasm_exec.js" .build/wasm/'), "utf8"), { minify: true });
const wasmExecURL = asset("wasm_exec.js", wasmExec.code);
const workerURL = asset("worker.js", await bundle("src/worker/worker.ts", { __WASM_URL__: wasmURL, __WASM_EXEC_URL__: wasmExecURL, __WASM_BYTES__: wasm.length }, "iife"));
const script = asset("page.js", await bundle("src/main.ts", { __WORKER_URL__: workerURL }));
const inter = asset("inter.woff2", await font("@fontsource-variable/inter/files/inter-latin-wght-normal.woff2", { wght: { min: 400, max: 650 } }));
const plex500 = asset("plex-mono-500.woff2", await font("@fontsource/ibm-plex-mono/files/ibm-plex-mono-latin-500-normal.woff2"));
const plex600 = asset("plex-mono-600.woff2", await font("@fontsource/ibm-plex-mono/files/ibm-plex-mono-latin-600-normal.woff2"));
const style = await styles({ inter, plex500, plex600 });
writeFileSync(join(dist, "index.html"), fill(readFileSync(join(here, "index.html"), "utf8"), { inter, style, script }));
report(compressAll());

/** Writes a file under assets/ with the hash of its content in its name; returns its address. */
function asset(name, content) {
  const [, stem, extension] = /^(.*)\.([^.]+)$/.exec(name);
  const file = `${stem}-${hash(content)}.${extension}`;
  writeFileSync(join(dist, "assets", file), content);
  return `/assets/${file}`;
}

function hash(content) {
  return createHash("sha256").update(content).digest("hex").slice(0, 12);
}

function need(file, how) {
  if (!existsSync(file)) throw new Error(`${relative(here, file)} is missing; make it with: ${how}`);
  return file;
}

/** A font with the characters and the weights that the page uses: half its size. What people type beyond that comes from the system's fonts. */
function font(name, variationAxes) {
  const ascii = Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i)).join("");
  const whole = readFileSync(need(join(here, "node_modules", name), "npm ci"));
  return subsetFont(whole, `${ascii}\u00a0·§±×–—‘’“”…→←≥≠∅`, { targetFormat: "woff2", variationAxes });
}

/** One script of the entry and all it imports, with the constants put in. The Worker is a classic script: wasm_exec.js comes into it by importScripts. */
async function bundle(entry, constants, format = "esm") {
  const define = Object.fromEntries(Object.entries(constants).map(([name, value]) => [name, JSON.stringify(value)]));
  const result = await build({ absWorkingDir: here, entryPoints: [need(join(here, entry), "git checkout web/src")], bundle: true, minify: true, format, target: "es2022", legalComments: "none", write: false, define });
  return result.outputFiles[0].contents;
}

/** The style sheet: fonts, with fallbacks that take up the same room until they are here, then the page's own in both themes. */
async function styles(fonts) {
  const faces = `
    @font-face { font-family: "Inter Variable"; font-weight: 400 650; font-display: swap; src: url(${fonts.inter}) format("woff2"); }
    @font-face { font-family: "Inter Fallback"; src: local("Arial"), local("Liberation Sans"), local("Roboto"); size-adjust: 107.06%; ascent-override: 90.49%; descent-override: 22.56%; line-gap-override: 0%; }
    @font-face { font-family: "IBM Plex Mono"; font-weight: 500; font-display: swap; src: url(${fonts.plex500}) format("woff2"); }
    @font-face { font-family: "IBM Plex Mono"; font-weight: 600; font-display: swap; src: url(${fonts.plex600}) format("woff2"); }
    @font-face { font-family: "Plex Fallback"; src: local("Courier New"), local("Liberation Mono"), local("Menlo"); size-adjust: 99.98%; ascent-override: 102.5%; descent-override: 27.5%; line-gap-override: 0%; }`;
  const sheet = faces + resolveThemes(readStyles(here));
  return (await transform(sheet, { loader: "css", minify: true, target: ["chrome110", "firefox115", "safari16"] })).code;
}

function fill(text, values) {
  return text.replace(/\{\{(\w+)\}\}/g, (_, name) => values[name]);
}

/** Writes .br and .gz beside each file; returns the sizes. Brotli at its best takes seconds for the WebAssembly, so that is kept by hash. */
function compressAll() {
  const files = ["index.html", ...readdirSync(join(dist, "assets")).map((f) => `assets/${f}`)];
  return files.map((file) => {
    const content = readFileSync(join(dist, file));
    const packed = brotli(content);
    writeFileSync(join(dist, `${file}.br`), packed);
    writeFileSync(join(dist, `${file}.gz`), gzipSync(content, { level: 9 }));
    return { file, raw: content.length, brotli: Math.min(packed.length, content.length) };
  });
}

function brotli(content) {
  const kept = join(cacheDir, `${hash(content)}.br`);
  if (existsSync(kept)) return readFileSync(kept);
  const packed = brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 24, [constants.BROTLI_PARAM_SIZE_HINT]: content.length } });
  if (content.length > 500_000) {
    mkdirSync(cacheDir, { recursive: true });
    writeFileSync(kept, packed);
  }
  return packed;
}

function report(sizes) {
  const kb = (n) => `${(n / 1000).toFixed(1)} KB`.padStart(12);
  for (const s of sizes.sort((a, b) => b.brotli - a.brotli)) console.log(`${s.file.padEnd(44)}${kb(s.raw)}${kb(s.brotli)}`);
  const all = sizes.reduce((sum, s) => sum + s.brotli, 0);
  const page = sizes.filter((s) => !s.file.endsWith(".wasm")).reduce((sum, s) => sum + s.brotli, 0);
  console.log(`${"first visit, brotli".padEnd(56)}${kb(all)} of ${kb(LIMIT_ALL).trim()}`);
  console.log(`${"of it without WebAssembly".padEnd(56)}${kb(page)} of ${kb(LIMIT_PAGE).trim()}`);
  if (all > LIMIT_ALL || page > LIMIT_PAGE) {
    console.error("The page has become too large for its promise of a quick first visit.");
    process.exitCode = 1;
  }
}
