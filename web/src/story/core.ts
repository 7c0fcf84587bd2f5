/**
 * The core's own text as ../sources.mjs reads it at build time; an asset of its own, loaded when it is first asked for.
 */
export interface Core {
  functions: CoreFunction[];
  kinds: Record<string, CorePlace[]>; // where events of a kind, named as by raft/explain.Kind, are emitted
  rules: CoreRule[]; // the catalogue, in its order
}

export interface CoreFunction {
  name: string;
  file: string; // "raft/election.go"
  line: number; // of its comment's first line, or its own
  text: string; // comment and body
}

/** Some lines of a function. */
export interface CorePlace {
  at: number; // of functions
  marks: number[]; // the lines that matter, counted from the function's first, which is 0
  reason?: string; // the event has this reason there, always
}

export interface CoreRule {
  id: string;
  title: string;
  sentence: string;
  section: string;
  protects: string; // "Election Safety", "Liveness"
  extension: boolean; // Figure 2 does not have it
  places: CorePlace[]; // where it is consulted
  stories: { title: string; file: string; breaks: string; text: string }[]; // what happens without it
}

/** Set by build.mjs: the asset's name, beside this script. */
declare const __CORE_URL__: string;

let loading: Promise<Core> | null = null;

/** The core's text, loaded once. Rejects with words to show; the next call tries again. */
export function loadCore(): Promise<Core> {
  loading ??= fetchCore().catch((why: Error) => {
    loading = null;
    throw new Error(`The core's source could not be loaded: ${why.message}.`);
  });
  return loading;
}

async function fetchCore(): Promise<Core> {
  const response = await fetch(new URL(__CORE_URL__, import.meta.url));
  if (!response.ok) throw new Error(`expected the file, got status ${response.status}`);
  return (await response.json()) as Core;
}

/** Where an event of a kind came from, without the places that always have another reason. */
export function placesOf(core: Core, kind: string, reason?: string): CorePlace[] {
  const places = core.kinds[kind] ?? [];
  const fit = places.filter((p) => !reason || !p.reason || p.reason === reason);
  return fit.length > 0 ? fit : places;
}

/** The rules that a function consults. */
export function rulesIn(core: Core, at: number): CoreRule[] {
  return core.rules.filter((r) => r.places.some((p) => p.at === at));
}

/** The rules that are off and that an event's code consults: explanations of the event may then be wrong. */
export function missedBy(core: Core, event: { kind: string; reason?: string }, off: string[]): CoreRule[] {
  const asked = placesOf(core, event.kind, event.reason).flatMap((p) => rulesIn(core, p.at));
  return core.rules.filter((r) => off.includes(r.id) && asked.includes(r));
}

/** The visible part of a function: all of a short one, else the lines around the marked ones. */
export interface Excerpt {
  lines: { number: number; text: string; marked: boolean }[];
  whole: boolean;
}

const AROUND = 4; // lines before and after a marked one
const SHORT = 14; // lines

export function excerpt(of: CoreFunction, marks: number[], whole: boolean): Excerpt {
  const all = of.text.split("\n").map((text, i) => ({ number: of.line + i, text, marked: marks.includes(i) }));
  const from = Math.max(0, Math.min(...marks) - AROUND);
  const to = Math.min(all.length, Math.max(...marks) + AROUND + 1);
  const cut = !whole && all.length > SHORT && to - from < all.length;
  const lines = cut ? all.slice(from, to) : all;
  return { lines, whole: !cut };
}
