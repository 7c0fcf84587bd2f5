/** Loads the Go program: fetches the WebAssembly file with progress, compiles it while it arrives, and starts it. */

declare const __WASM_URL__: string;
declare const __WASM_EXEC_URL__: string;
declare const __WASM_BYTES__: number; // of the file as it is compiled, not as it travels

/** The folder with the files, if that is not this script's own: whoever starts it from a blob says it (lab/start-worker.ts). */
const folder = (globalThis as { raftPlaygroundFiles?: string }).raftPlaygroundFiles ?? "";

/** The part of wasm_exec.js that is used. */
interface GoRuntime {
  importObject: WebAssembly.Imports;
  run(instance: WebAssembly.Instance): Promise<void>;
}

/** How much of what the program printed last is told when it ends: a panic's message and the top of its stack. */
const lastWordsCharacters = 2000;

/** Returns when the program runs and has registered itself. `ended` is called if it ever ends, with its last words. */
export async function loadProgram(progress: (fraction: number) => void, ended: (detail: string) => void): Promise<void> {
  if (typeof WebAssembly !== "object") throw new Error("this browser has no WebAssembly");
  importScripts(folder + __WASM_EXEC_URL__);
  const world = globalThis as unknown as { Go: new () => GoRuntime; fs: { writeSync(fd: number, bytes: Uint8Array): number } };
  const lastWords = listen(world.fs);
  const go = new world.Go();
  const instance = await instantiate(go.importObject, progress);
  // run goes through main as far as its first wait, at which the program has registered itself, or as far as its end.
  void go.run(instance).then(
    () => ended(lastWords() || "the program ended by itself"),
    (error: unknown) => ended(lastWords() || String(error)),
  );
}

async function instantiate(imports: WebAssembly.Imports, progress: (fraction: number) => void): Promise<WebAssembly.Instance> {
  const response = await fetch(folder + __WASM_URL__);
  if (!response.ok) throw new Error(`the program could not be fetched: ${response.status} ${response.statusText}`);
  const body = counted(response, progress);
  if (typeof WebAssembly.instantiateStreaming === "function") {
    return (await WebAssembly.instantiateStreaming(body, imports)).instance;
  }
  return (await WebAssembly.instantiate(await body.arrayBuffer(), imports)).instance;
}

/** The same response, counted as it passes, and said to be WebAssembly even where a server does not know the type. */
function counted(response: Response, progress: (fraction: number) => void): Response {
  const headers = { "Content-Type": "application/wasm" };
  if (response.body === null) return response;
  let bytes = 0;
  const count = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, out) {
      bytes += chunk.length;
      progress(Math.min(1, bytes / __WASM_BYTES__));
      out.enqueue(chunk);
    },
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
