import type { U64 } from "../model.js";

/**
 * Raft's numbers are unsigned 64-bit and may come as decimal text (model.ts, U64). All comparing and subtracting of
 * them goes through bigint; only small differences become JavaScript numbers again.
 */
const big = (n: U64): bigint => BigInt(n);

export const same = (a: U64, b: U64): boolean => a === b || big(a) === big(b);

export const less = (a: U64, b: U64): boolean => (typeof a === "number" && typeof b === "number" ? a < b
  : big(a) < big(b));

export const most = (a: U64, b: U64): U64 => (less(a, b) ? b : a);

/** a − b, clamped to what a JavaScript number holds exactly. */
export function distance(a: U64, b: U64): number {
  if (typeof a === "number" && typeof b === "number") return a - b;
  const d = big(a) - big(b);
  const limit = BigInt(Number.MAX_SAFE_INTEGER);
  return Number(d > limit ? limit : d < -limit ? -limit : d);
}

/** n + d, as a number where it fits one exactly, else as text. */
export function plus(n: U64, d: number): U64 {
  if (typeof n === "number" && Number.isSafeInteger(n + d)) return n + d;
  const sum = big(n) + BigInt(d);
  return sum <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(sum) : sum.toString();
}

/** The place of a term in the palette: 0 for term 0, else 1 to 8, consecutive terms next to each other. */
export function slot(term: U64): number {
  if (same(term, 0)) return 0;
  return Number((big(term) - 1n) % 8n) + 1;
}
