import type { StoryLine, U64 } from "../model.js";
import { less } from "../view/numbers.js";
import type { Store } from "./store.js";
import { MS } from "../view/time.js";

/**
 * What stage, logs, tape and story point at together: what a person points at in any of them,
 * else, while the clock stands, the current event or the one being read.
 */
export interface Cursor {
  servers: number[];
  cells: { server: number; index: U64 }[];
  lines: number[]; // of the story, by id
  at: number | null;
}

const NOTHING: Cursor = { servers: [], cells: [], lines: [], at: null };
const SAME = 200 * MS; // as in story.ts: what several servers do alike within this is one event

export function cursor(store: Pick<Store, "view" | "story" | "headline" | "paused">): Cursor {
  const { view, story, headline, paused } = store;
  if (known && known.view === view && known.story === story && known.headline === headline && known.paused === paused)
    return known.cursor;
  known = { view, story, headline, paused, cursor: look(store) };
  return known.cursor;
}

/** The last answer: every view asks, often, for the same. */
let known: (Pick<Store, "view" | "story" | "headline" | "paused"> & { cursor: Cursor }) | null = null;

function look(store: Pick<Store, "view" | "story" | "headline" | "paused">): Cursor {
  const { line, cell, hover } = store.view;
  if (line !== null) return ofLine(store.story.find((l) => l.id === line), store.story);
  if (cell !== null) return { servers: [cell.server], cells: [cell], lines: linesOf(cell, store.story), at: null };
  if (hover !== null) return { ...NOTHING, servers: [hover] };
  return store.paused || store.view.reading !== null ? ofLine(store.headline ?? undefined, store.story) : NOTHING;
}

/** A line, and the same act of other servers at that time. */
function ofLine(line: StoryLine | undefined, story: StoryLine[]): Cursor {
  if (!line) return NOTHING;
  const alike = story.filter((l) => l === line ||
    (l.server !== line.server && l.kind === line.kind && Math.abs(l.at - line.at) <= SAME && said(l) === said(line)));
  const servers = [...new Set(alike.flatMap(serversOf))];
  return { servers, cells: alike.flatMap((l) => (l.server > 0 && l.index !== undefined && less(0, l.index)
    ? [{ server: l.server, index: l.index }] : [])), lines: alike.map((l) => l.id), at: line.at };
}

/** The sentence without its server. */
const said = (l: StoryLine): string => l.text.replace(/^S\d+ /, "");

/** The server that did it; for faults, which no server reports of itself, all servers named. */
const serversOf = (l: StoryLine): number[] => (l.server > 0 ? [l.server] : [...l.text.matchAll(/\bS(\d)\b/g)]
  .map(([, s]) => Number(s)));

/** The newest lines about an entry, one a server. */
function linesOf(cell: { server: number; index: U64 }, story: StoryLine[]): number[] {
  const line = story.findLast((l) => l.server === cell.server && l.index !== undefined &&
    String(l.index) === String(cell.index));
  return line ? [line.id] : [];
}

const SPOT_MS = 1_200;

let spot: ReturnType<typeof setTimeout> | undefined;

/**
 * For a moment all but what the cursor points at steps back on the stage (story.css): a step has led to another event.
 */
export function spotlight(): void {
  clearTimeout(spot);
  document.documentElement.toggleAttribute("data-spot", true);
  spot = setTimeout(() => document.documentElement.toggleAttribute("data-spot", false), SPOT_MS);
}
