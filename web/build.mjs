/**
 * Builds the page into web/dist: one HTML file each for the lab (index.html), the embedded lab
 * (embed/index.html) and a live room (room.html), each with its style sheet inlined. Everything else goes
 * under assets/ with a hash of its content in its name, and may be cached for ever; only the gallery, the
 * element's script and the service worker keep their names. Addresses are relative: any folder of any server
 * will do. Each file has a .br and a .gz beside it. Prints the size of a first visit and fails if it is over
 * the limit.
 *
 * RAFT_WASM_DIR: the folder with raft.wasm, lab.wasm, studies.wasm and wasm_exec.js (default ../.build/wasm).
 * RAFT_DIST: where to write (default dist).
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import { build, transform } from "esbuild";
import subsetFont from "subset-font";
import { readCore } from "./sources.mjs";
import { readStyles, resolveThemes } from "./themes.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const dist = join(here, process.env.RAFT_DIST ?? "dist");
const wasmDir = join(here, process.env.RAFT_WASM_DIR ?? "../.build/wasm");
const cacheDir = join(here, "../.build/brotli");
const LIMIT_PAGE = 130_000; // bytes of a first visit after brotli, fonts included, without the WebAssembly
const LIMIT_ROOM = 1_180_000; // including the WebAssembly; one more line of Go may change it by 7 KB
const BLOCK_BITS = 16; // brotli's smallest block size: with the largest, 24, a live tab's server is 13 KB larger
// a whole cluster, its network and the checkers; until it has loaded, the film plays without it
const LIMIT_LAB = 1_450_000;

/**
 * The pages. `root` is the path from a page's address to the folder that holds assets/; a room is served at
 * /r/{code}. `part` is the script that the page loads at once beside main.ts.
 */
const LAB = { part: "src/lab.ts", worker: "lab", limit: LIMIT_LAB,
  description: "A Raft cluster that runs in your browser: watch it elect a leader and replicate, break it, and go to "
    + "any moment of it.",
  title: "Five servers, no leader",
  words: "Each waits for a leader, and each for a different time. Whose timer ends first?" };
const PAGES = [
  { ...LAB, file: "index.html", page: "lab", root: "./", film: film() },
  { ...LAB, file: "embed/index.html", page: "embed", root: "../" },
  { file: "room.html", page: "room", root: "../", part: "src/room.ts", worker: "raft", limit: LIMIT_ROOM,
    description: "Real Raft servers, one in every tab of a room: they elect a leader and replicate what you write.",
    title: "A room for real servers",
    words: "Every tab of this room runs one Raft server. They talk over the network you see." },
];

rmSync(dist, { recursive: true, force: true });
mkdirSync(join(dist, "assets"), { recursive: true });

const wasmExec = asset("wasm_exec.js",
  (await transform(readFileSync(need(join(wasmDir, "wasm_exec.js"),
  'cp "$(go env GOROOT)/lib/wasm/wasm_exec.js" .build/wasm/'), "utf8"), { minify: true })).code);
const workers = {
  raft: await worker("raft", "raft.wasm", "./wasm", "src/worker/worker.ts"),
  lab: await worker("lab", "lab.wasm", "./wasm/program/lab", "src/worker/lab.ts"),
  study: await worker("study", "studies.wasm", "./wasm/program/study", "src/worker/study.ts"),
};
const core = asset("core.json", JSON.stringify(readCore(join(here, ".."))));
const start = asset("start.js", await bundled("src/start.ts", {}));
const scripts = await modules({ __CORE_URL__: core, __WORKER_URL__: workers.raft.script,
  __LAB_WORKER_URL__: workers.lab.script, __STUDY_WORKER_URL__: workers.study.script });
const fonts = {
  inter: asset("inter.woff2", await font("@fontsource-variable/inter/files/inter-latin-wght-normal.woff2",
    { wght: { min: 400, max: 650 } })),
  plex500: asset("plex-mono-500.woff2",
    await font("@fontsource/ibm-plex-mono/files/ibm-plex-mono-latin-500-normal.woff2")),
  plex600: asset("plex-mono-600.woff2",
    await font("@fontsource/ibm-plex-mono/files/ibm-plex-mono-latin-600-normal.woff2")),
};
for (const page of PAGES) await writePage(page);
copyGallery();
await writeScript("raft-playground.js", "src/embed/element.ts", {});
await writeServiceWorker();
report(await compressAll());

async function writePage(page) {
  const address = (file) => `${page.root}assets/${file}`;
  const [script, ...others] = parts(page);
  const preloads = others.map((file) => `<link rel="modulepreload" href="${address(file)}" />`).join("\n    ");
  const style = await styles(Object.fromEntries(Object.entries(fonts).map(([name, file]) => [name, address(file)])),
    page.page);
  const values = { ...page, inter: address(fonts.inter), start: address(start), script: address(script), preloads,
    style };
  const html = fill(readFileSync(join(here, "index.html"), "utf8"), values);
  mkdirSync(dirname(join(dist, page.file)), { recursive: true });
  writeFileSync(join(dist, page.file), html);
}

/** The runs of the gallery, and the list of them. */
function copyGallery() {
  mkdirSync(join(dist, "gallery"));
  for (const name of readdirSync(join(here, "gallery")).filter((f) => f.endsWith(".json"))) {
    writeFileSync(join(dist, "gallery", name),
      JSON.stringify(JSON.parse(readFileSync(join(here, "gallery", name), "utf8"))));
  }
}

/** Writes a classic script under a fixed name, which other pages can refer to. */
async function writeScript(file, entry, constants) {
  writeFileSync(join(dist, file), await bundled(entry, constants));
}

/** Bundles a source file and all that it imports into one classic script. */
async function bundled(entry, constants) {
  const { outputFiles } = await build({
    absWorkingDir: here, entryPoints: [entry], bundle: true, minify: true, format: "iife", target: "es2022",
    legalComments: "none", write: false, define: literals(constants),
  });
  return outputFiles[0].contents;
}

/**
 * Writes the service worker, which keeps the lab's files but not a live room's: a room needs its relay
 * anyway. Its version changes with any file that it keeps.
 */
async function writeServiceWorker() {
  const live = [workers.raft.wasm, workers.raft.script, ...scripts.closure("src/room.ts")
    .filter((f) => !parts(PAGES[0]).includes(f))];
  const kept = filesIn(dist).filter((f) => f !== "room.html" && !live.includes(basename(f))).sort();
  const version = hash(kept.map((f) => hash(readFileSync(join(dist, f)))).join());
  const files = kept.map((f) => (f === "index.html" ? "./" : f.replace(/\/index\.html$/, "/")));
  await writeScript("sw.js", "src/worker/sw.ts", { __VERSION__: version, __FILES__: files });
}

function filesIn(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true }).filter((f) => f.isFile())
    .map((f) => relative(folder, join(f.parentPath ?? f.path, f.name)));
}

/** The scripts that a page loads at once: its entry first. */
function parts(page) {
  return [...new Set([...scripts.closure("src/main.ts"), ...scripts.closure(page.part)])];
}

/** Writes a Go program and the Worker script that runs it and loads it from its own folder. */
async function worker(name, program, source, entry) {
  const wasm = readFileSync(need(join(wasmDir, program),
    `GOOS=js GOARCH=wasm go build -o .build/wasm/${program} ${source}`));
  const file = asset(program, wasm);
  const script = await bundled(entry, { __WASM_URL__: file, __WASM_EXEC_URL__: wasmExec, __WASM_BYTES__: wasm.length });
  return { wasm: file, script: asset(`${name}-worker.js`, script) };
}

/**
 * Builds the page's scripts, in parts that are loaded on demand, all in assets/. `closure` returns the files
 * of a source file's part and of all that it imports.
 */
async function modules(constants) {
  const { metafile } = await build({
    absWorkingDir: here, entryPoints: { page: "src/main.ts" }, outdir: join(dist, "assets"),
      entryNames: "[name]-[hash]", chunkNames: "[name]-[hash]",
    bundle: true, splitting: true, minify: true, format: "esm", target: "es2022", legalComments: "none",
      loader: { ".css": "text" }, metafile: true, define: literals(constants),
  });
  const entryOf = (source) => Object.keys(metafile.outputs)
    .find((path) => metafile.outputs[path].entryPoint === source);
  const closure = (path) => [path, ...metafile.outputs[path].imports.filter((i) => i.kind === "import-statement")
    .flatMap((i) => closure(i.path))];
  return { closure: (source) => [...new Set(closure(entryOf(source)))].map((path) => basename(path)) };
}

function literals(constants) {
  return Object.fromEntries(Object.entries(constants).map(([name, value]) => [name, JSON.stringify(value)]));
}

/** Writes a file under assets/ with the hash of its content in its name; returns the name. */
function asset(name, content) {
  const [, stem, extension] = /^(.*)\.([^.]+)$/.exec(name);
  const file = `${stem}-${hash(content)}.${extension}`;
  writeFileSync(join(dist, "assets", file), content);
  return file;
}

function hash(content) {
  return createHash("sha256").update(content).digest("hex").slice(0, 12);
}

function need(file, how) {
  if (!existsSync(file)) throw new Error(`${relative(here, file)} is missing; make it with: ${how}`);
  return file;
}

/**
 * Reduces a font to the characters and weights that the page uses, which halves its size. Other characters
 * that people type come from the system's fonts.
 */
function font(name, variationAxes) {
  const ascii = Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i)).join("");
  const whole = readFileSync(need(join(here, "node_modules", name), "npm ci"));
  return subsetFont(whole, `${ascii}\u00a0·§±×–—‘’“”…→←≥≠∅`, { targetFormat: "woff2", variationAxes });
}

/**
 * The style sheet: fonts, fallbacks that take up the same room until the fonts have loaded, then the page's
 * own rules in both themes.
 */
async function styles(fonts, page) {
  const faces = `
    @font-face { font-family: "Inter Variable"; font-weight: 400 650; font-display: swap;
      src: url(${fonts.inter}) format("woff2"); }
    @font-face { font-family: "Inter Fallback"; src: local("Arial"), local("Liberation Sans"), local("Roboto");
      size-adjust: 107.06%; ascent-override: 90.49%; descent-override: 22.56%; line-gap-override: 0%; }
    @font-face { font-family: "IBM Plex Mono"; font-weight: 500; font-display: swap;
      src: url(${fonts.plex500}) format("woff2"); }
    @font-face { font-family: "IBM Plex Mono"; font-weight: 600; font-display: swap;
      src: url(${fonts.plex600}) format("woff2"); }
    @font-face { font-family: "Plex Fallback"; src: local("Courier New"), local("Liberation Mono"), local("Menlo");
      size-adjust: 99.98%; ascent-override: 102.5%; descent-override: 27.5%; line-gap-override: 0%; }`;
  const sheet = faces + resolveThemes(readStyles(here, page));
  return (await transform(sheet,
    { loader: "css", minify: true, target: ["chrome110", "firefox115", "safari16"] })).code;
}

function fill(text, values) {
  return text.replace(/\{\{(\w+)\}\}/g, (_, name) => values[name] ?? "");
}

/** The opening film, recorded from the lab itself (wasm/film), which plays until the lab has loaded. */
function film() {
  const takes = readFileSync(need(join(wasmDir, "../film.json"), "go run ./wasm/film .build/film.json"), "utf8").trim()
    .split("\n");
  return `<script type="application/json" id="film">[${takes.join(",").replaceAll("<", "\\u003c")}]</script>`;
}

/**
 * Writes .br and .gz beside each file, on all processors, and returns the sizes. Brotli at its best takes
 * half a minute for the WebAssembly, so large results are cached by hash, and the studies get less effort.
 */
function compressAll() {
  return Promise.all(
    filesIn(dist).map(async (file) => {
      const content = readFileSync(join(dist, file));
      const [packed, zipped] = await Promise.all([brotli(file, content), promisify(gzip)(content, { level: 9 })]);
      writeFileSync(join(dist, `${file}.br`), packed);
      writeFileSync(join(dist, `${file}.gz`), zipped);
      return { file, raw: content.length, brotli: Math.min(packed.length, content.length) };
    }),
  );
}

async function brotli(file, content) {
  const kept = join(cacheDir, `${hash(content)}-${BLOCK_BITS}.br`);
  if (existsSync(kept)) return readFileSync(kept);
  const packed = await promisify(brotliCompress)(content,
    { params: { [constants.BROTLI_PARAM_QUALITY]: file.startsWith("assets/studies-") ? 9 : 11,
    [constants.BROTLI_PARAM_LGWIN]: 24, [constants.BROTLI_PARAM_LGBLOCK]: BLOCK_BITS,
    [constants.BROTLI_PARAM_SIZE_HINT]: content.length } });
  if (content.length > 500_000) {
    mkdirSync(cacheDir, { recursive: true });
    writeFileSync(kept, packed);
  }
  return packed;
}

/** Prints the size of each file and of a first visit to each page. */
function report(sizes) {
  const kb = (n) => `${(n / 1000).toFixed(1)} KB`.padStart(12);
  for (const s of sizes.sort((a, b) => b.brotli - a.brotli))
    console.log(`${s.file.padEnd(44)}${kb(s.raw)}${kb(s.brotli)}`);
  const weight = (file) => sizes.find((s) => s.file === file).brotli;
  for (const page of PAGES) {
    const assets = [start, ...parts(page), workers[page.worker].script, wasmExec, ...Object.values(fonts)];
    const shell = assets.reduce((sum, file) => sum + weight(`assets/${file}`), weight(page.file));
    const all = shell + weight(`assets/${workers[page.worker].wasm}`);
    console.log(`${`first visit to ${page.file}, brotli`.padEnd(56)}${kb(all)} of ${kb(page.limit)
      .trim()}, without WebAssembly ${kb(shell).trim()} of ${kb(LIMIT_PAGE).trim()}`);
    if (all <= page.limit && shell <= LIMIT_PAGE) continue;
    console.error(`${page.file} has become too large for its promise of a quick first visit.`);
    process.exitCode = 1;
  }
}
