import type { StoryLine } from "../model.js";
import { MS } from "../view/time.js";
import { listed } from "../view/words.js";

/**
 * The story's lines as they are shown: each sentence parted into a short heading and the rest, and what several servers
 * did alike as one row.
 */

/** A row of the story's list: one line, or several servers' lines that say the same. */
export interface StoryRow {
  key: number; // the same as long as the row is there, whatever joins it
  id: number; // of the newest line in it
  at: number; // when that happened
  text: string;
  lines: StoryLine[]; // newest first
  heartbeats: boolean; // nothing but heartbeats that were heard
}

/** What a line is about, by its kind. */
export type Subject = "elections" | "log" | "snapshots" | "faults" | "clients";

export const SUBJECTS: Record<Subject, string> = { elections: "Elections", log: "Log and commits",
  snapshots: "Snapshots, members", faults: "Faults, restarts", clients: "Clients" };

const ROWS = 120; // of the list
const SAME = 200 * MS; // time within which equal lines of several servers are one thing that happened
const HEADING = 40; // characters that a heading may have

/**
 * Which sentences may be said of several servers, by kind: how they go on after the server's name, of one and of many.
 * All others stay one server's own.
 */
const ALIKE: Record<string, [one: string, many: string][]> = {
  started: [["starts as a follower", "start as followers"]],
  leaderKnown: [["follows", "follow"]],
  voteGranted: [["votes for", "vote for"]],
  voteDenied: [["refuses", "refuse"]],
  entriesAppended: [["stores", "store"]],
  entriesTruncated: [["removes", "remove"]],
  commitAdvanced: [["commits", "commit"]],
  fault: [["takes its seat", "take their seats"], ["is back", "are back"]],
};

const ABOUT: Record<string, Subject> = {
  entriesProposed: "log", entriesAppended: "log", entriesTruncated: "log", appendRefused: "log", matchAdvanced: "log",
    nextBackedUp: "log", commitAdvanced: "log", commitHeldBack: "log",
  snapshotTaken: "snapshots", snapshotSent: "snapshots", snapshotInstalled: "snapshots", snapshotNotNeeded: "snapshots",
  configurationChanged: "snapshots", learnerCaughtUp: "snapshots", leaderLeaves: "snapshots",
  started: "faults", messageIgnored: "faults", badFrame: "faults", fault: "faults", violation: "faults",
  client: "clients",
};

/**
 * What a kind of line is about; all that is not said to be something else is about elections: terms,
 * votes, timers, roles.
 */
export const subjectOf = (kind: string): Subject => ABOUT[kind] ?? "elections";

/**
 * Where a sentence is parted that explains itself (after a colon) or is too long for a heading. The first that fits
 * decides; the last is for whatever else may come.
 */
const PARTS: [sentence: RegExp, heading: string, rest: string][] = [
  [/^From now on no server keeps (.+)$/, "Rules are switched off", "From now on no server keeps $1."],
  [/^(S\d+) (.+) and (asks for votes in term \d+); (it needs \d+)$/, "$1 $3", "It $2; $4."],
  [/^(A client asks .+ to write .+) (if it is .+)$/, "$1", "$2."],
  [/^(S\d+ appends .+?) to its log at (.+), (in term \d+)$/, "$1", "At $2 of its log, $3."],
  [/^(S\d+) learns that (S\d+) stores (everything .+)$/, "$1 learns what $2 stores", "$3."],
  [/^(S\d+), (an? .+) until now, (steps down): (.+)$/, "$1 $3", "It was $2 until now: $4."],
  [/^(S\d+ .+ the joint configuration) (at index \d+: .+)$/, "$1", "$2."],
  [/^(.+?)[:;] (.+)$/, "$1", "$2."],
  [/^(.+ runs out), (because .+)$/, "$1", "$2."],
  [/^The disk of (S\d+) (takes up to .+) for a write$/, "A write of $1 $2", ""],
  [/^(S\d+) puts (a snapshot) in the place of its log$/, "$1 compacts its log", "$2 takes its place."],
  [/^(The \w+ of S\d+ to S\d+ is \w+) (on its way)$/, "$1", "$2."],
  [/^(.+) and ((?:has|leaves|asks|loses) .+)$/, "$1", "It $2."],
  [/^(S\d+ [^,]+) with (an? .*log.*)$/, "$1", "It has $2."],
  [/^(S\d+, .+) with (an? .*log.*)$/, "$1", "Each has $2."],
  [/^(S\d+.+ as (?:a )?followers?) (in term .+)$/, "$1", "$2."],
  [/^(.+) from (S\d+)$/, "$1", "From $2."],
  [/^(.+ votes?(?: for S\d+)?) in (term \d+)$/, "$1", "In $2."],
  [/^(.+?), ((?:at|in|for) .+)$/, "$1", "$2."],
  [/^(.{12,38}) ((?:and|as|at|because|for|from|in|of|or|so that|than|that|to|until|which|with) .+)$/, "$1 …", "… $2."],
];

/**
 * A sentence as a heading of at most 40 characters where it can be parted, and what is left of it as sentences
 * of their own.
 */
export function splitHeading(text: string): { title: string; rest: string } {
  const whole = heading(text);
  if (whole.length <= HEADING && !/[:;] /.test(whole)) return { title: whole, rest: "" };
  const fits = PARTS.filter(([sentence]) => sentence.test(whole))
    .map(([sentence, title, rest]) =>
    ({ title: whole.replace(sentence, title), rest: capital(whole.replace(sentence, rest)) }));
  return fits.find((f) => f.title.length <= HEADING) ?? fits[0] ?? { title: whole, rest: "" };
}

/** A line of the story without its full stop. */
export const heading = (text: string): string => text.replace(/\.$/, "");

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

const kept = { key: new WeakMap<StoryLine[], StoryRow[]>(), all: new WeakMap<StoryLine[], StoryRow[]>() };

/** The rows of a story that is in the order of time, newest first; worked out once for each story. */
export function storyRows(story: StoryLine[], everything: boolean): StoryRow[] {
  const known = everything ? kept.all : kept.key;
  let rows = known.get(story);
  if (!rows) known.set(story, (rows = mergeStory(everything ? story : story.filter((l) => l.weight === "key"), ROWS)));
  return rows;
}

/** What is told of a story: of whom, of what, and until when. */
export interface Telling {
  teller: number | null;
  about: Subject | null;
  told: number; // what is later has not happened yet where the playhead stands
}

interface Told {
  past: StoryLine[];
  later: StoryLine[];
}

const KEPT = 2; // tellings that are remembered: the whole story for the heading, and the list as it is narrowed
let known: (Told & { story: StoryLine[]; telling: Telling })[] = [];

/**
 * The part of a story that one wants to hear, parted at the playhead. The same lists as long as nothing of it changes,
 * so that storyRows need not work again.
 */
export function tell(story: StoryLine[], telling: Telling): Told {
  const { teller, about, told } = telling;
  const fits = known.find((k) => k.story === story && k.telling.teller === teller && k.telling.about === about &&
    (k.past.at(-1)?.at ?? -Infinity) <= told && told < (k.later[0]?.at ?? Infinity));
  if (fits) return fits;
  const wanted = (l: StoryLine) => (teller === null || l.server === teller) &&
    (about === null || subjectOf(l.kind) === about);
  const list = teller === null && about === null ? story : story.filter(wanted);
  const from = list.findIndex((l) => l.at > told);
  const parted = { story, telling, past: from < 0 ? list : list.slice(0, from), later: from < 0 ? []
    : list.slice(from) };
  known = [parted, ...known].slice(0, KEPT);
  return parted;
}

/**
 * Merges what several servers did alike: "S2 commits index 1.", "S3 commits index 1." → "S2, S3 commit index 1", and
 * heartbeats that follow each other. Newest first.
 */
export function mergeStory(lines: StoryLine[], limit: number): StoryRow[] {
  const rows: (StoryRow & { alike: Alike | null })[] = [];
  for (let i = lines.length - 1; i >= 0; i--) {
    const line = lines[i];
    if (line === undefined) continue;
    const heartbeats = isHeartbeat(line);
    const before = rows.at(-1);
    if (heartbeats && before?.heartbeats) {
      before.lines.push(line);
      before.key = Math.min(before.key, line.id);
      before.text = heartbeatWords(before.lines);
      continue;
    }
    const alike = heartbeats ? null : alikeOf(line);
    const row = alike && rows.slice(-8).find((r) => r.alike?.said === alike.said && r.lines[0]?.kind === line.kind &&
      Math.abs(r.at - line.at) <= SAME);
    if (alike && row?.alike) {
      const servers = row.alike.servers;
      row.lines.push(line);
      row.key = Math.min(row.key, line.id);
      if (!servers.includes(alike.servers[0] ?? 0)) servers.push(...alike.servers);
      if (servers.length > 1) row.text = `${listed(servers)} ${alike.said}`;
      continue;
    }
    if (rows.length === limit) break;
    rows.push({ key: line.id, id: line.id, at: line.at, text: heartbeats ? heartbeatWords([line]) : heading(line.text),
      lines: [line], heartbeats, alike });
  }
  return rows;
}

/** A follower heard from its leader and waits anew. */
const isHeartbeat = (line: StoryLine): boolean => line.kind === "timerReset" &&
  (line.reason === undefined ? /, the leader, is alive\.$/.test(line.text) : line.reason === "heartbeat");

function heartbeatWords(lines: StoryLine[]): string {
  const leaders = [...new Set(lines.map((l) => l.peer ?? Number(/S(\d+), the leader/.exec(l.text)?.[1] ?? 0)))];
  const heard = [...new Set(lines.map((l) => l.server))];
  return `Heartbeats of ${listed(leaders)} reach ${heard.length > 4 ? `${heard.length} servers` : listed(heard)}`;
}

interface Alike {
  servers: number[];
  said: string; // of many: "commit index 1"
}

/** What a line says as it may be said of several servers; null if it is one server's own. */
function alikeOf(line: StoryLine): Alike | null {
  const parts = /^S(\d+) (.+)$/.exec(heading(line.text));
  if (!parts) return null;
  const [, server, rest = ""] = parts;
  const verb = ALIKE[line.kind]?.find(([one]) => rest.startsWith(one));
  return verb ? { servers: [Number(server)], said: (verb[1] + rest.slice(verb[0].length)).replace(" its vote",
    " their vote") } : null;
}
