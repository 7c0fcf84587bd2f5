/**
 * A little of the DevTools protocol, enough to take a picture of a page in a given size and theme and to ask it
 * for its widths.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const FLAGS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync", "--remote-debugging-port=0",
  "--hide-scrollbars"];

export async function shoot(shots) {
  const list = Array.isArray(shots) ? shots : [shots];
  const profile = mkdtempSync(join(tmpdir(), "raft-shot-"));
  const browser = spawn(process.env.CHROMIUM ?? "chromium", [...FLAGS, `--user-data-dir=${profile}`, "about:blank"],
    { stdio: ["ignore", "ignore", "pipe"] });
  try {
    const address = await new Promise((resolve, reject) => {
      let text = "";
      browser.stderr.on("data", (d) => {
        text += d;
        const found = /DevTools listening on (ws:\S+)/.exec(text);
        if (found) resolve(found[1]);
      });
      browser.on("exit", () => reject(new Error(text)));
    });
    const port = new URL(address).port;
    const said = [];
    for (const shot of list) said.push(await one(port, shot));
    return said;
  } finally {
    browser.kill();
    await new Promise((r) => browser.once("exit", r));
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function one(port, { url, size, theme, file, run, wait = 900, reduced = false }) {
  const [width, height] = size.split("x").map(Number);
  const target = await (await fetch(`http://127.0.0.1:${port}/json/new?about:blank`, { method: "PUT" })).json();
  const socket = new WebSocket(target.webSocketDebuggerUrl);
  await new Promise((r) => socket.addEventListener("open", r));
  let id = 0;
  const waiting = new Map();
  const errors = [];
  socket.addEventListener("message", (e) => {
    const m = JSON.parse(e.data);
    if (m.id) waiting.get(m.id)?.(m);
    if (m.method === "Runtime.exceptionThrown")
      errors.push(m.params.exceptionDetails.exception?.description ?? m.params.exceptionDetails.text);
  });
  const call = (method, params = {}) =>
    new Promise((resolve) => { waiting.set(++id, resolve); socket.send(JSON.stringify({ id, method, params })); });
  await call("Runtime.enable");
  await call("Page.enable");
  await call("Emulation.setDeviceMetricsOverride", { width, height, deviceScaleFactor: 1, mobile: width < 600 });
  if (width < 600) await call("Emulation.setTouchEmulationEnabled", { enabled: true });
  await call("Emulation.setEmulatedMedia",
    { features: [{ name: "prefers-color-scheme", value: theme }, { name: "prefers-reduced-motion", value: reduced
    ? "reduce" : "no-preference" }] });
  await call("Page.navigate", { url });
  await new Promise((r) => setTimeout(r, wait));
  const expression = run
    ?? `JSON.stringify({ overflow: document.documentElement.scrollWidth - innerWidth, `
      + `stage: document.querySelectorAll("raft-stage *").length, all: document.querySelectorAll("*").length })`;
  const value = await call("Runtime.evaluate", { expression, awaitPromise: true });
  const picture = await call("Page.captureScreenshot", { format: "png" });
  writeFileSync(file, Buffer.from(picture.result.data, "base64"));
  await fetch(`http://127.0.0.1:${port}/json/close/${target.id}`);
  socket.close();
  return [value.result?.result?.value ?? value, ...errors];
}
