/**
 * Runs the unit tests: bundles each *.test.ts with esbuild and hands them to node's own test runner. Prints the counts
 * of passes and failures.
 */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { run } from "node:test";
import { spec } from "node:test/reporters";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const out = mkdtempSync(join(tmpdir(), "raft-web-test-"));
const names = readdirSync(here).filter((f) => f.endsWith(".test.ts"));
process.env.RAFT_WEB = join(here, "..");
await build({ absWorkingDir: here, entryPoints: names, bundle: true, platform: "node", format: "esm", target: "es2022",
  outdir: out, outExtension: { ".js": ".mjs" }, logLevel: "error" });

let passed = 0;
let failed = 0;
run({ files: names.map((n) => join(out, n.replace(/\.ts$/, ".mjs"))), concurrency: false })
  .on("test:pass", (test) => { if (test.nesting > 0 || test.details.type !== "suite") passed++; })
  .on("test:fail", () => failed++)
  .compose(spec)
  .on("end", () => {
    rmSync(out, { recursive: true, force: true });
    console.log(`${passed} passed, ${failed} failed`);
    process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
  })
  .pipe(process.stdout);
