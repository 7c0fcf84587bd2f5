const SILENT_MS = 45_000;

/** Starts a Worker. One that says nothing for 45 s has an error: a script that never arrives is none to a browser. */
export function startWorker(file: string, name: string): Worker {
  const worker = started(file, name);
  const silent = setTimeout(() => worker.dispatchEvent(new ErrorEvent("error",
    { message: "Its script has not arrived for 45 s." })), SILENT_MS);
  worker.addEventListener("message", () => clearTimeout(silent), { once: true });
  return worker;
}

/**
 * Starts a Worker whose script lies beside the page's scripts. In a sandboxed frame the page has no origin of its
 * own, and a Worker must come from there: it is then started from a blob, which loads the script and tells it where
 * its files are.
 */
function started(file: string, name: string): Worker {
  const url = new URL(file, import.meta.url);
  if (self.origin !== "null") return new Worker(url, { name });
  const folder = new URL(".", url).href;
  const script = `self.raftPlaygroundFiles=${JSON.stringify(folder)};importScripts(${JSON.stringify(url.href)})`;
  return new Worker(URL.createObjectURL(new Blob([script], { type: "text/javascript" })), { name });
}
