/**
 * Starts a Worker whose script lies beside the page's scripts. In a sandboxed frame the page has no origin of its
 * own, and a Worker must come from there: it is then started from a blob, which loads the script and tells it where
 * its files are.
 */
export function startWorker(file: string, name: string): Worker {
  const url = new URL(file, import.meta.url);
  if (self.origin !== "null") return new Worker(url, { name });
  const folder = new URL(".", url).href;
  const script = `self.raftPlaygroundFiles=${JSON.stringify(folder)};importScripts(${JSON.stringify(url.href)})`;
  return new Worker(URL.createObjectURL(new Blob([script], { type: "text/javascript" })), { name });
}
