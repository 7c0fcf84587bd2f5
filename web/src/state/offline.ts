/**
 * Lets the lab work without a network from the next visit on (worker/sw.ts). Where there are no service workers, or
 * they are forbidden, nothing else changes.
 */
export function keepOffline(): void {
  const root = new URL("../", import.meta.url);
  navigator.serviceWorker?.register(new URL("sw.js", root), { scope: root.pathname }).catch(() => undefined);
}
