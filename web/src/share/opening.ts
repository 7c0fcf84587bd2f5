import type { LabRun } from "../model.js";
import { store, type View } from "../state/store.js";
import { readFile, readLink, type Link, type Seen } from "./moment.js";
import { inMicros } from "../view/time.js";

/** Opening runs in the lab: what an address names, a run of the gallery, a file. */

/** A run of the gallery (web/gallery). Times in ms. */
export interface Exhibit {
  id: string;
  title: string;
  story: string;
  watch: string;
  rules?: string[]; // titles of the rules that are off, the main one first
  breaks?: string[]; // the properties that break at `turn`
  turn: number;
  at: number; // where it opens
  run: LabRun;
}

/** An Exhibit as the gallery's list has it. */
export type Listed = Pick<Exhibit, "id" | "title" | "story" | "rules" | "breaks">;

/**
 * Opens what is behind the `#` of an address, or without one the first run of every visit. Errors are shown
 * in a dialog, above the run that is open.
 */
export async function openAddress(fragment: string, rate: number): Promise<void> {
  store.pace = rate;
  try {
    await openLink(fragment, rate);
  } catch (why) {
    const kept = store.lab !== null;
    if (!kept) await openLink("", rate).catch((other: Error) => store.notice(other.message));
    sayWrong(why as Error, kept);
  }
}

/**
 * Opens a link, given as the part behind its `#`. A link to a moment opens paused, a run from its start
 * plays. Throws an Error of one sentence.
 */
export function openLink(fragment: string, rate: number): Promise<void> {
  return inTurn(async (current) => {
    const link = await readLink(fragment);
    const exhibit = link?.gallery ? await fetchExhibit(link.gallery) : null;
    if (!current()) return;
    const moment = { run: link?.run ?? exhibit?.run ?? null, at: link?.at ?? inMicros(exhibit?.at ?? 0),
      hash: link?.hash ?? "", view: link?.view ?? {} };
    if (link?.rate) store.pace = link.rate;
    const remark = exhibit && { title: exhibit.title, text: exhibit.watch, story: true as const };
    await openMoment(moment, plays(link, exhibit) ? (link?.rate ?? rate) : 0, remark, current);
  });
}

/** Opens what a file holds, paused. Throws an Error of one sentence. */
export function openFile(text: string): Promise<void> {
  return inTurn(async (current) => {
    await openMoment(readFile(text), 0, null, current);
    history.replaceState(null, "", location.pathname + location.search);
  });
}

export async function fetchList(): Promise<Listed[]> {
  return (await fetchGallery("index")) as Listed[];
}

/** The runs of the gallery that break a property because of one of these rules, by title. */
export const brokenWithout = (list: Listed[], rules: string[]): Listed[] => list.filter((x) => x.breaks !== undefined &&
  rules.includes(x.rules?.[0] ?? ""));

/** Shows what is wrong with a link or a file, and whether the run from before is still open. */
export function sayWrong(why: Error, kept = true): void {
  store.show({ dialog: "wrong", wrong: why.message, kept });
}

export const MAX_FILE = 32 << 20; // bytes; a larger file is not even read

/** A file's content as text. Throws an Error of one sentence. */
export async function textOf(file: Pick<File, "size" | "text">): Promise<string> {
  if (file.size > MAX_FILE)
    throw new Error(`This file is too large: ${file.size} bytes, and at most ${MAX_FILE} are read.`);
  return file.text().catch(() => {
    throw new Error("This file cannot be read: it may be a folder, or gone.");
  });
}

function plays(link: Link | null, exhibit: Exhibit | null): boolean {
  return link?.show.autoplay ?? (exhibit === null && (link === null || link.at === null));
}

// after which a remark about the run before no longer fits what is shown, while the lab is on its way
const LONG_MS = 500;

let newest = 0;

/**
 * Opens runs in turn: a wish for another run, made before the last one is open, replaces it. The replaced
 * run, or its error, is not shown.
 */
async function inTurn(open: (current: () => boolean) => Promise<void>): Promise<void> {
  const turn = ++newest;
  const current = () => turn === newest;
  await open(current).catch((why: Error) => {
    if (current()) throw why;
  });
}

const OTHER_CORE =
  "This link was made with another version of the core. "
  + "Where a fault was mended between the two, a run takes another course.";

async function openMoment(moment: { run: LabRun | null; at: number; hash: string; view: Seen }, rate: number,
  remark: View["remark"], current: () => boolean): Promise<void> {
  const late = setTimeout(() => store.show({ remark: null }), LONG_MS);
  const opened = (await store.askLab((id) => ({ type: "open", id, run: moment.run, at: moment.at, rate }))
    .catch((why: Error) => {
    throw new Error(`The lab cannot play this run: ${why.message}.`);
  }).finally(() => clearTimeout(late))) as { at: number; hash: string };
  if (!current()) return;
  const { server, dock = store.view.dock, panel = store.view.panel } = moment.view;
  const otherwise = moment.hash !== "" && moment.hash !== opened.hash;
  store.show({
    dock,
    panel,
    dialog: "none",
    selection: server === undefined ? null : { kind: "server", server },
    remark: otherwise ? { title: "Not the same run.", text: OTHER_CORE } : remark,
  });
}

async function fetchExhibit(id: string): Promise<Exhibit> {
  const list = await fetchList();
  if (!list.some((l) => l.id === id)) throw new Error(`The gallery has no run named ${id}.`);
  return (await fetchGallery(id)) as Exhibit;
}

/** Fetches from the gallery, which lies beside the folder of this script. */
async function fetchGallery(name: string): Promise<unknown> {
  const sorry = new Error("The gallery could not be loaded: there is no connection to where this page came from.");
  const response = await fetch(new URL(`../gallery/${name}.json`, import.meta.url)).catch(() => {
    throw sorry;
  });
  if (!response.ok) throw sorry;
  return response.json();
}
