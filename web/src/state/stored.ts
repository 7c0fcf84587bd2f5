/** Storage may be forbidden (sandboxed frames, private windows): then nothing is kept, and nothing else changes. */

/** What was kept under a key, null if nothing was. */
export function stored(key: string, of: () => Storage = () => localStorage): string | null {
  try {
    return of().getItem(key);
  } catch {
    return null;
  }
}

export function keep(key: string, value: string, of: () => Storage = () => localStorage): void {
  try {
    of().setItem(key, value);
  } catch {
    // It holds until the page is closed.
  }
}
