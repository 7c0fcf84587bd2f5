/**
 * Runs a Worker's Go program: fetches the WebAssembly file with progress, compiles it while it arrives, starts it, and
 * passes on what the page says.
 */
import type { FromWorker } from "../model.js";

declare const self: DedicatedWorkerGlobalScope;
declare const __WASM_URL__: string;
declare const __WASM_EXEC_URL__: string;
declare const __WASM_BYTES__: number; // of the file as it is compiled, not as it travels

/**
 * The folder with the files, if that is not this script's own: whoever starts it from a blob
 * says it (state/start-worker.ts).
 */
const folder = (globalThis as { raftPlaygroundFiles?: string }).raftPlaygroundFiles ?? "";

/** The part of wasm_exec.js that is used. */
interface GoRuntime {
  importObject: WebAssembly.Imports;
  run(instance: WebAssembly.Instance): Promise<void>;
}

/** How much of what the program printed last is told when it ends: a panic's message and the top of its stack. */
const lastWordsCharacters = 2000;

/** What a Worker does for its program. */
interface Platform<P> {
  name: string; // of globalThis: what the program registers itself as
  // what it calls, globalThis.raftPlaygroundHost, beside post and failed. Nothing of it calls the program back
  // before it returns
  host: object;
  hear(program: P, message: string): void; // the page has said something, as JSON
  begin?(program: P): void; // it runs, and has heard what the page said before
  end?(): void; // it must not be called any more
}

/** Runs the program. What is returned ends it for a reason; the page is told the first reason only. */
export function runProgram<P>({ name, host, hear, begin, end }: Platform<P>): (why: string) => void {
  let program: P | null = null;
  let early: string[] | null = []; // what the page said before the program had loaded; null: nobody will hear any more
  const fail = (reason: "wasm" | "worker", detail: string) => {
    if (early === null) return;
    program = early = null;
    end?.();
    post({ type: "failed", reason, detail });
  };
  const stop = (why: string) => fail("worker", why);
  self.onmessage = (event: MessageEvent<unknown>) => {
    const message = JSON.stringify(event.data);
    if (program === null) early?.push(message);
    else hear(program, message);
  };
  Object.assign(globalThis, { raftPlaygroundHost: { post: (message: string) => post(JSON.parse(message) as FromWorker),
    failed: stop, ...host } });
  void load(stop).then(
    () => {
      const running = (globalThis as unknown as Record<string, P | undefined>)[name];
      if (running === undefined) return; // it has ended already: stop was called
      program = running;
      for (const message of early?.splice(0) ?? []) hear(running, message);
      begin?.(running);
    },
    (error: unknown) => fail("wasm", words(error)),
  );
  return stop;
}

/** Epoch time in ms, with fractions, which never goes back. */
export const now = (): number => performance.timeOrigin + performance.now();
export const post = (message: FromWorker): void => self.postMessage(message);
export const words = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Ends when the program runs and has registered itself. `ended` is called if it ever ends, with its last words. */
async function load(ended: (detail: string) => void): Promise<void> {
  if (typeof WebAssembly !== "object") throw new Error("this browser has no WebAssembly");
  importScripts(folder + __WASM_EXEC_URL__);
  const world = globalThis as unknown as { Go: new () =>
    GoRuntime; fs: { writeSync(fd: number, bytes: Uint8Array): number } };
  const lastWords = listen(world.fs);
  const go = new world.Go();
  const instance = await instantiate(go.importObject);
  // run goes through main as far as its first wait, at which the program has registered itself, or as far as its end.
  void go.run(instance).then(
    () => ended(lastWords() || "the program ended by itself"),
    (error: unknown) => ended(lastWords() || String(error)),
  );
}

/**
 * A file whose bytes stop coming is asked for again, past the browser's cache: a connection that nobody ends, say,
 * would have this tab wait for ever.
 */
async function instantiate(imports: WebAssembly.Imports): Promise<WebAssembly.Instance> {
  for (let times = 1; ; times++) {
    const watch = new Watch();
    try {
      return await fetched(imports, watch, times > 1 ? "reload" : "default");
    } catch (error) {
      if (!watch.stalled) throw error;
      if (times === FETCHES) throw new Error(`the program stopped arriving ${FETCHES} times`);
    } finally {
      watch.end();
    }
  }
}

const STALL_MS = 10_000; // without a byte
const FETCHES = 3;

/** Ends a fetch of which nothing has come for a while. */
class Watch {
  stalled = false;
  private over = new AbortController();
  private timer: ReturnType<typeof setTimeout> | undefined;

  get signal(): AbortSignal {
    return this.over.signal;
  }

  /** Something has come, or is asked for. */
  comes(): void {
    this.end();
    this.timer = setTimeout(() => {
      this.stalled = true;
      this.over.abort();
    }, STALL_MS);
  }

  end(): void {
    clearTimeout(this.timer);
  }
}

async function fetched(imports: WebAssembly.Imports, watch: Watch, cache: RequestCache): Promise<WebAssembly.Instance> {
  watch.comes();
  const response = await fetch(folder + __WASM_URL__, { cache, signal: watch.signal });
  if (!response.ok) throw new Error(`the program could not be fetched: ${response.status} ${response.statusText}`);
  const body = counted(response, watch);
  if (typeof WebAssembly.instantiateStreaming === "function") {
    return (await WebAssembly.instantiateStreaming(body, imports)).instance;
  }
  return (await WebAssembly.instantiate(await body.arrayBuffer(), imports)).instance;
}

/** The same response, counted as it passes, and said to be WebAssembly even where a server does not know the type. */
function counted(response: Response, watch: Watch): Response {
  const headers = { "Content-Type": "application/wasm" };
  if (response.body === null) {
    watch.end();
    return response;
  }
  let bytes = 0;
  const count = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, out) {
      bytes += chunk.length;
      watch.comes();
      post({ type: "loading", fraction: Math.min(1, bytes / __WASM_BYTES__) });
      out.enqueue(chunk);
    },
    flush: () => watch.end(), // to compile the last of it may take a while
  });
  return new Response(response.body.pipeThrough(count), { headers });
}

/** Go prints a panic through fs.writeSync before it exits. */
function listen(fs: { writeSync(fd: number, bytes: Uint8Array): number }): () => string {
  const decoder = new TextDecoder();
  const write = fs.writeSync.bind(fs);
  let words = "";
  fs.writeSync = (fd, bytes) => {
    words = (words + decoder.decode(bytes)).slice(-lastWordsCharacters);
    return write(fd, bytes);
  };
  return () => words.trim();
}
