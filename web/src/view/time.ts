/**
 * Time in this page is cluster time in whole microseconds, as the contract has it (model.ts), or between them where the
 * clock is drawn. What the page shows to others counts in milliseconds: its scripting surface (api.ts), files, and the
 * embedding protocol; these two say so where they are.
 */
export const MS = 1_000;
export const SECOND = 1_000_000;

export const inMillis = (micros: number): number => micros / MS;

export const inMicros = (ms: number): number => Math.round(ms * MS);
