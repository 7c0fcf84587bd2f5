import type { LabRun, Moment } from "../model.js";
import type { Dock, Panel } from "../state/store.js";
import { isSeed, newRun } from "./runs.js";
import { inMicros, inMillis, SECOND } from "../view/time.js";

/**
 * Links to moments, and runs in files. All that a link says stands behind its `#`, which no browser sends to a server:
 *
 *     #1.eJyrVko…                  a moment, packed: base64url of zlib's deflate of its JSON; zlib's checksum
 *                                  finds what was damaged on the way
 *     #1?size=5&seed=42&at=0.311   a moment of a run that nobody has touched; off=oneVotePerTerm,… switches rules off
 *     #1?run=two-leaders           a run of the gallery, at=… another moment of it
 *
 * The 1 is the version of this form; the meaning of a run has its own version (raft/lab/run.go). `at` is in
 * seconds of cluster time. Parameters of an embedded page may follow any of them: rate, controls, theme,
 * autoplay, lang. Errors in a link or a file are reported in one sentence.
 */
export interface Link {
  run: LabRun | null; // null: the gallery's, or if that is null too, the first run of every visit
  gallery: string | null;
  at: number | null; // null: where the run begins, or the gallery's moment
  hash: string; // of the world's state there; empty: unknown
  view: Seen;
  rate: number | null;
  show: Show;
}

/** What was open beside the stage. */
export interface Seen {
  dock?: Dock;
  panel?: Panel;
  server?: number; // the selected one
}

/** How an embedded page shows itself. */
export interface Show {
  controls: "full" | "play" | "none";
  theme: "light" | "dark" | "auto";
  autoplay: boolean | null; // null: a moment is paused, a run from its start plays
}

const LINK_VERSION = 1;
const RUN_VERSION = 1;
const FILE_FORMAT = "raft-playground run";
const MAX_LINK = 100_000; // characters; a longer run has to go by file
const MAX_TEXT = 8 << 20; // characters of a run, unpacked: 2^16 actions
const MAX_AT = 3_600_000; // ms; opening a link takes until its run was lived that far
const MAX_ACTIONS = 1 << 16;
const DOCKS: readonly Dock[] = ["logs", "diagram", "inboxes", "history"];
const PANELS: readonly Panel[] = ["story", "log", "node", "client", "time", "faults", "rules", "studies", "none"];
const PARAMETERS = ["run", "size", "seed", "off", "at", "hash", "rate", "controls", "theme", "autoplay", "lang"];

/** A run without actions, of this size and seed, with these rules off. */
export function plainRun(size = 5, seed = "1", off: string[] = []): LabRun {
  const run = newRun(size, seed, "calm");
  return off.length > 0 ? { ...run, config: { ...run.config, off } } : run;
}

// --- links

/**
 * The part of a link behind the `#`, for a moment; at 0 and without a hash it is the run from its start. A
 * run that is too long has no link: the error says so.
 */
export async function writeLink(moment: Moment, view: Seen = {}): Promise<string> {
  const plain = Object.keys(view).length === 0 ? writePlain(moment) : null;
  const text = plain
    ?? `${LINK_VERSION}.${await pack(JSON.stringify({ ...written(moment), ...(Object.keys(view).length > 0 ? { view }
    : {}) }))}`;
  if (text.length > MAX_LINK)
    throw new Error("So much was done in this run that no link can hold it. Download it as a file.");
  return text;
}

/** Reads what is behind the `#`; null if nothing is. Throws an Error of one sentence. */
export async function readLink(fragment: string): Promise<Link | null> {
  const text = fragment.replace(/^#/, "");
  if (text === "") return null;
  if (text.length > MAX_LINK)
    throw new Error(`This link is too long: ${text.length} characters, and at most ${MAX_LINK} are read.`);
  const form = /^(\d{1,6})(?:\.([^?]*))?(?:\?(.*))?$/s.exec(text);
  if (!form) throw new Error("This is not a link of the playground: it should begin with #1. or #1?, and does not.");
  const [, version, packed, query] = form;
  if (Number(version) !== LINK_VERSION)
    throw new Error(`This link is of version ${version}, and this page reads version ${LINK_VERSION}${Number(
    version) > LINK_VERSION ? ": open it with a newer page" : ""}.`);
  const link = readParameters(new URLSearchParams(query ?? ""));
  const payload = packed ?? link.packed;
  if (payload === null) return link;
  const { at, ...rest } = readMoment(parse(await unpack(payload), "This link"), "This link");
  const start = at === 0 && rest.hash === "";
  return { ...link, ...rest, at: link.at ?? (start ? null : at), hash: link.at === null ? rest.hash : "" };
}

/** Adds parameters that say how an embedded page shows itself. */
export function withParameters(link: string, parameters: Record<string, string>): string {
  const text = new URLSearchParams(parameters).toString();
  return text === "" ? link : `${link}${link.includes("?") ? "&" : "?"}${text}`;
}

function writePlain({ run, at, hash }: Moment): string | null {
  const plain = plainRun(run.config.servers, String(run.seed), run.config.off);
  if (canonical({ ...run, actions: run.actions ?? [] }) !== canonical({ ...plain, actions: [] })) return null;
  const off = run.config.off ?? [];
  const rules = off.length > 0 ? `&off=${off.join(",")}` : "";
  const where = at === 0 && hash === "" ? "" : `&at=${at / SECOND}&hash=${hash}`;
  return `${LINK_VERSION}?size=${run.config.servers}&seed=${run.seed}${rules}${where}`;
}

/** The parameters of a link. `packed` is a run among them, packed as in the other form of link. */
function readParameters(query: URLSearchParams): Link & { packed: string | null } {
  for (const name of query.keys()) {
    if (!PARAMETERS.includes(name))
      throw new Error(`This link says ${quoted(name)}, and known are only ${PARAMETERS.join(", ")}.`);
    if (query.getAll(name).length > 1) throw new Error(`This link says ${name} twice.`);
  }
  const read = <T>(name: string, expected: string, of: (text: string) => T | undefined): T | null => {
    const text = query.get(name);
    if (text === null) return null;
    const value = of(text);
    if (value === undefined) throw new Error(`This link says ${name}=${shortened(text)}; expected ${expected}.`);
    return value;
  };
  const number = (text: string, least: number, most: number) => (/^\d+(\.\d+)?$/.test(text) && Number(text) >= least &&
    Number(text) <= most ? Number(text) : undefined);
  const one = <T extends string>(...choices: T[]) => (text: string) => choices.find((c) => c === text);
  const run = read("run", "the name of a run of the gallery, or the part of another link that follows its #",
    (text) => /^(?:1\.[\w-]+|[a-z0-9-]{1,40})$/.exec(text)?.[0]);
  const size = read("size", "a whole number from 1 to 9", (text) => (/^[1-9]$/.test(text) ? Number(text) : undefined));
  const seed = read("seed", "a whole number from 0 to 18446744073709551615",
    (text) => (isSeed(text) ? text : undefined));
  const off = read("off", "the IDs of rules, with commas between",
    (text) => (/^[A-Za-z]{1,40}(,[A-Za-z]{1,40}){0,63}$/.test(text) ? text.split(",") : undefined));
  const seconds = read("at", `seconds from 0 to ${MAX_AT / 1000}`, (text) => number(text, 0, MAX_AT / 1000));
  const hash = read("hash", "at most 16 hexadecimal digits", (text) => (/^[0-9a-f]{1,16}$/.test(text) ? text
    : undefined));
  const autoplay = read("autoplay", "0 or 1", one("0", "1"));
  read("lang", "en: the page has no other language yet", one("en"));
  if (run !== null && (size !== null || seed !== null || off !== null))
    throw new Error("This link names a run and also describes one; expected either run, or size, seed and off.");
  const packed = run?.startsWith("1.") === true ? run.slice(2) : null;
  return {
    run: run === null && (size !== null || seed !== null || off !== null)
      ? plainRun(size ?? undefined, seed ?? undefined, off ?? undefined) : null,
    gallery: packed === null ? run : null,
    packed,
    at: seconds === null ? null : Math.round(seconds * SECOND),
    hash: hash ?? "",
    view: {},
    rate: read("rate", "a number from 0.001 to 1", (text) => number(text, 0.001, 1)),
    show: {
      controls: read("controls", "full, play or none", one("full", "play", "none")) ?? "full",
      theme: read("theme", "light, dark or auto", one("light", "dark", "auto")) ?? "auto",
      autoplay: autoplay === null ? null : autoplay === "1",
    },
  };
}

// --- files

/** A moment as a file's text, and its name. */
export function writeFile(moment: Moment): { name: string; text: string } {
  const name = `raft-${moment.run.config.servers}-servers-seed-${moment.run.seed}.raft.json`;
  return { name, text: `${JSON.stringify({ format: FILE_FORMAT, ...written(moment) }, null, 1)}\n` };
}

/** Hands a file to the person. */
export function download(name: string, content: Blob): void {
  const address = URL.createObjectURL(content);
  const anchor = document.createElement("a");
  anchor.href = address;
  anchor.download = name;
  anchor.click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

/** Reads what writeFile wrote, or a run alone as raft/lab/soak prints it. Throws an Error of one sentence. */
export function readFile(text: string): Moment & { view: Seen } {
  if (text.length > MAX_TEXT)
    throw new Error(`This file is too large: ${text.length} characters, and at most ${MAX_TEXT} are read.`);
  const value = parse(text, "This file");
  if (isObject(value) && "config" in value) return { run: readRun(value, "This file"), at: 0, hash: "", view: {} };
  if (isObject(value) && value["format"] !== FILE_FORMAT)
    throw new Error(`This file is not a run of the playground: expected "format": ${quoted(FILE_FORMAT)}, got ${quoted(
    value["format"])}.`);
  return readMoment(value, "This file");
}

// --- moments

/** A moment as in links and files: `at` in ms, with fractions. */
const written = (moment: Moment): Moment => ({ ...moment, at: inMillis(moment.at) });

function readMoment(value: unknown, what: string): Moment & { view: Seen } {
  if (!isObject(value)) throw new Error(`${what} holds no moment: expected an object, got ${quoted(value)}.`);
  const { at, hash } = value;
  if (typeof at !== "number" || !(at >= 0 && at <= MAX_AT))
    throw new Error(`${what} is to a moment that is not there: expected 0 to ${MAX_AT} ms, got ${quoted(at)}.`);
  if (typeof hash !== "string" || !/^[0-9a-f]{0,16}$/.test(hash))
    throw new Error(`${what} has a wrong hash: expected at most 16 hexadecimal digits, got ${quoted(hash)}.`);
  return { run: readRun(value["run"], what), at: inMicros(at), hash, view: readView(value["view"], what) };
}

/**
 * Checks a run as far as the page must rely on it. The lab checks every rule and action when it opens the
 * run.
 */
function readRun(value: unknown, what: string): LabRun {
  if (!isObject(value)) throw new Error(`${what} holds no run: expected an object, got ${quoted(value)}.`);
  const { version, config, seed, actions = [] } = value;
  if (version !== RUN_VERSION)
    throw new Error(`${what} holds a run of version ${quoted(
    version)}, and this page plays version ${RUN_VERSION}: it would not go the same way.`);
  if (!isObject(config) || !Number.isInteger(config["servers"]) || !within(config["servers"], 1, 9))
    throw new Error(`${what} holds a run without servers: expected 1 to 9, got ${quoted(isObject(config)
    ? config["servers"] : config)}.`);
  if (!within(config["latency"], 0, MAX_AT * 1000) || !within(config["jitter"], 0, MAX_AT * 1000))
    throw new Error(`${what} holds a run without a network: expected its latency and jitter in µs.`);
  if (!(Number.isSafeInteger(seed) && Number(seed) >= 0) && !(typeof seed === "string" && isSeed(seed)))
    throw new Error(`${what} holds a run without a seed: expected a whole number, got ${quoted(seed)}.`);
  if (!Array.isArray(actions) || actions.length > MAX_ACTIONS)
    throw new Error(`${what} holds a wrong list of actions: expected at most ${MAX_ACTIONS}.`);
  let last = 0;
  for (const [i, action] of actions.entries()) {
    if (!isObject(action) || typeof action["do"] !== "string")
      throw new Error(`${what} holds an action that does nothing: number ${i + 1}.`);
    const { at } = action;
    if (typeof at !== "number" || !(at >= last))
      throw new Error(`${what} holds actions out of order: number ${i +
      1} is at ${quoted(at)} µs, after one at ${last}.`);
    last = at;
  }
  return value as unknown as LabRun;
}

function readView(value: unknown, what: string): Seen {
  if (value === undefined) return {};
  const wrong = new Error(`${what} describes a view that this page does not have.`);
  if (!isObject(value)) throw wrong;
  const seen: Seen = {};
  for (const [name, chosen] of Object.entries(value)) {
    if (name === "dock" && DOCKS.includes(chosen as Dock)) seen.dock = chosen as Dock;
    else if (name === "panel" && PANELS.includes(chosen as Panel)) seen.panel = chosen as Panel;
    else if (name === "server" && Number.isInteger(chosen) && within(chosen, 1, 9)) seen.server = Number(chosen);
    else throw wrong;
  }
  return seen;
}

// --- packing

/** zlib's deflate, as text that an address can hold without escapes. */
async function pack(text: string): Promise<string> {
  const bytes = new Uint8Array(await new Response(new Blob([text]).stream()
    .pipeThrough(new CompressionStream("deflate"))).arrayBuffer());
  let binary = "";
  for (let i = 0; i < bytes.length; i += 4096) binary += String.fromCharCode(...bytes.subarray(i, i + 4096));
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/** Unpacks at most MAX_TEXT: a small link could unpack into more than the memory holds. */
async function unpack(packed: string): Promise<string> {
  if (!/^[\w-]+$/.test(packed)) throw new Error("This link is damaged: it holds characters that no link has.");
  let text = "";
  try {
    const binary = atob(packed.replaceAll("-", "+").replaceAll("_", "/"));
    const bytes = Uint8Array.from(binary, (c) => c.charCodeAt(0));
    const reader = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"))
      .pipeThrough(new TextDecoderStream("utf-8", { fatal: true })).getReader();
    for (let part = await reader.read(); !part.done && text.length <= MAX_TEXT; part = await reader.read())
      text += part.value;
    if (text.length > MAX_TEXT) void reader.cancel();
  } catch {
    throw new Error("This link is damaged: a part of it was cut off or changed on its way.");
  }
  if (text.length > MAX_TEXT)
    throw new Error(`This link unpacks into more than the ${MAX_TEXT} characters that are read.`);
  return text;
}

function parse(text: string, what: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new Error(`${what} holds no run: expected JSON, got ${quoted(text)}.`);
  }
}

// --- words and values

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null &&
  !Array.isArray(value);

const within = (value: unknown, least: number, most: number): boolean => typeof value === "number" && value >= least &&
  value <= most;

const shortened = (text: string): string => (text.length > 40 ? `${text.slice(0, 40)}…` : text);

const quoted = (value: unknown): string => shortened(JSON.stringify(value) ?? "nothing");

/** JSON with sorted names, for telling whether two values are the same. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, v: unknown) => (isObject(v)
    ? Object.fromEntries(Object.entries(v).sort(([a], [b]) => (a < b ? -1 : 1))) : v));
}
