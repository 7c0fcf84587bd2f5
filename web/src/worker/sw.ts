/**
 * The service worker: after one visit the lab, its gallery and the embedded lab work without a network. What it keeps
 * is listed at build time, with a version that follows from the content; a new version takes over when all of it is
 * here. It never touches a live room, its socket or /healthz.
 *
 * Files with their content's hash in their names come from here; pages and what else keeps its name come from the
 * network while there is one, so that a visitor with a network is never behind. The cache of the version before stays,
 * for pages that are still open.
 */
declare const self: ServiceWorkerGlobalScope;

/** Set by build.mjs. */
declare const __VERSION__: string;
declare const __FILES__: string[]; // relative to the scope; folders stand for their index.html

const PATIENCE_MS = 4_000; // with a network that does not answer
// other copies of the page may live on this origin
const OURS = `raft-playground ${new URL(self.registration.scope).pathname} `;
const CACHE = OURS + __VERSION__;
const KEPT_VERSIONS = 2;
const files = new Set(__FILES__);

self.addEventListener("install", (event) => {
  event.waitUntil(fill().then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(dropOld().then(() => self.clients.claim()));
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const file = fileOf(new URL(request.url));
  if (request.method !== "GET" || file === null) return;
  if (file === "embed") return event.respondWith(Response.redirect(new URL("embed/", self.registration.scope)));
  if (file.startsWith("assets/")) event.respondWith(keptFirst(request));
  else if (files.has(file)) event.respondWith(networkFirst(request, file));
});

async function fill(): Promise<void> {
  const cache = await caches.open(CACHE);
  await cache.addAll(__FILES__.map((file) => new Request(new URL(file, self.registration.scope),
    { cache: file.startsWith("assets/") ? "default" : "no-cache" })));
}

async function dropOld(): Promise<void> {
  const names = (await caches.keys()).filter((name) => name.startsWith(OURS) && name !== CACHE);
  await Promise.all(names.slice(0, Math.max(0, names.length - KEPT_VERSIONS + 1)).map((name) => caches.delete(name)));
}

/** What is asked for, relative to the scope; null: it is not ours. */
function fileOf(url: URL): string | null {
  const scope = new URL(self.registration.scope);
  if (url.origin !== scope.origin || !url.pathname.startsWith(scope.pathname)) return null;
  const path = url.pathname.slice(scope.pathname.length).replace(/(^|\/)index\.html$/, "$1");
  return path === "" ? "./" : path;
}

async function keptFirst(request: Request): Promise<Response> {
  return (await caches.match(request, { ignoreVary: true })) ?? fetch(request);
}

async function networkFirst(request: Request, file: string): Promise<Response> {
  const kept = async () => (await caches.open(CACHE)).match(new URL(file, self.registration.scope),
    { ignoreVary: true });
  try {
    const answer = await fetch(request, { signal: AbortSignal.timeout(PATIENCE_MS) });
    if (answer.status < 500) return answer;
    return (await kept()) ?? answer;
  } catch (why) {
    const copy = await kept();
    if (copy) return copy;
    throw why;
  }
}

export {};
