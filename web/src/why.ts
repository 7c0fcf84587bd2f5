import { cellAt, leaderOf, votes } from "./logs.js";
import type { Link, Report, ServerView, U64 } from "./model.js";
import { less, most, plus, same } from "./numbers.js";
import { majority, names, span } from "./words.js";

/** Why something has not happened (yet): the question that one would ask now, and what the servers' own reports answer. Pure functions. */

export interface Question {
  ask: string;
  answer: string[]; // sentences
  section: string;
}

type Known = ServerView & { report: Report };

/** The cluster as it stands. */
export interface Standing {
  servers: ServerView[];
  links: Link[];
  now: number; // ms
}

/** The one question that there is: who does not lead, else what is not committed; null if all is well. */
export function question(standing: Standing): Question | null {
  const voters = standing.servers.filter(votes);
  const known = voters.filter((s): s is Known => s.report !== null);
  if (known.length === 0) return null;
  const leader = leaderOf(standing.servers);
  const term = known.reduce<U64>((t, s) => most(t, s.report.term), 0);
  if (!leader?.report || less(leader.report.term, term)) return noLeader(standing, voters, known, term);
  const open = plus(leader.report.commitIndex, 1);
  return less(leader.report.lastIndex, open) ? null : notCommitted(standing, voters, leader as Known, open);
}

const runs = (s: ServerView): boolean => s.seat === "connected" && s.machine?.state !== "paused";

/** Why nobody leads the newest term (§5.2). */
function noLeader({ links, now }: Standing, voters: ServerView[], known: Known[], term: U64): Question {
  const ask = same(term, 0) ? "Why does nobody lead?" : `Why does nobody lead term ${term}?`;
  const need = majority(voters.length);
  const running = known.filter(runs);
  if (running.length < need) {
    return { ask, answer: [`A leader needs ${need} of ${voters.length} votes, and ${running.length === 0 ? "none of the servers runs" : `only ${running.length} of the servers ${running.length === 1 ? "runs" : "run"}`}.`, "Nothing can be elected or committed until more of them are back."], section: "§5.2" };
  }
  const candidates = running.filter((s) => (s.report.role === "candidate" || s.report.role === "preCandidate") && !less(s.report.term, term));
  if (candidates.length === 0) return { ask, answer: [...waiting(running, now), `Whose timer ends first asks for votes. It needs ${need} of ${voters.length}.`], section: "§5.2" };
  const answer = candidates.map((c) => candidacy(c, voters, links));
  if (candidates.filter((c) => c.report.role === "candidate").length > 1) answer.push("Each server has one vote a term: they are split. Whose next timer ends first tries a later term.");
  return { ask, answer, section: "§5.2" };
}

function waiting(running: Known[], now: number): string[] {
  const left = running.flatMap((s) => (s.report.timer ? [{ server: s.server, ms: s.report.timer.timeout - s.report.timer.elapsed - Math.max(0, now - s.report.at) }] : []));
  const first = left.sort((a, b) => a.ms - b.ms)[0];
  return first ? [`Everybody still waits to hear from a leader; S${first.server} longest, ${first.ms > 1 ? `for ${span(Math.round(first.ms))} more` : "and its timer ends now"}.`] : [];
}

/** How far a candidate is, and why those who have not voted for it have not. */
function candidacy(c: Known, voters: ServerView[], links: Link[]): string {
  const of = (state: string) => c.report.votes.filter((v) => v.state === state).map((v) => v.server);
  const open = of("requested").filter((s) => s !== c.server);
  const away = open.filter((s) => !voters.some((v) => v.server === s && runs(v)));
  const cut = open.filter((s) => !away.includes(s) && cutOff(links, c.server, s));
  const asked = open.filter((s) => !away.includes(s) && !cut.includes(s));
  const parts = [
    of("denied").length > 0 ? `${names(of("denied"))} refused` : "",
    away.length > 0 ? `${names(away)} ${away.length > 1 ? "are" : "is"} down` : "",
    cut.length > 0 ? `the link to ${names(cut)} is cut` : "",
    asked.length > 0 ? `${names(asked)} ${asked.length > 1 ? "have" : "has"} not answered yet` : "",
  ].filter((p) => p);
  const what = c.report.role === "preCandidate" ? "would-be votes" : "votes";
  return `S${c.server} has ${of("granted").length} of the ${c.report.votesNeeded} ${what} it needs${parts.length > 0 ? `: ${parts.join(", ")}` : ""}.`;
}

const cutOff = (links: Link[], a: number, b: number): boolean => links.some((l) => !l.up && ((l.from === a && l.to === b) || (l.from === b && l.to === a)));

/** Why the leader has not committed an entry of its log (§5.3, §5.4.2). */
function notCommitted({ links }: Standing, voters: ServerView[], leader: Known, index: U64): Question | null {
  const entry = cellAt(leader.report, index);
  if (!entry) return null;
  const ask = `Why is index ${index} not committed?`;
  const need = majority(voters.length);
  const has = (s: ServerView) => s.report !== null && same(cellAt(s.report, index)?.term ?? 0, entry.term);
  const holders = voters.filter(has);
  if (holders.length >= need && less(entry.term, leader.report.term)) {
    return {
      ask,
      answer: [`It is on ${holders.length} of ${voters.length}, a majority. But its term ${entry.term} is not the leader's term ${leader.report.term}, and an older entry on a majority may still be overwritten.`, `It is committed together with the first entry of term ${leader.report.term} that a majority stores.`],
      section: "§5.4.2",
    };
  }
  if (holders.length >= need) {
    const told = 1 + leader.report.peers.filter((p) => p.server !== leader.server && !less(p.match, index)).length;
    return { ask, answer: [`It is on ${holders.length} of ${voters.length}. S${leader.server}, the leader, knows of ${told} and needs ${need}: the answers are still on their way.`], section: "§5.3" };
  }
  const lacking = voters.filter((s) => !has(s));
  const away = lacking.filter((s) => !runs(s)).map((s) => s.server);
  const cut = lacking.filter((s) => runs(s) && cutOff(links, leader.server, s.server)).map((s) => s.server);
  const coming = lacking.map((s) => s.server).filter((s) => !away.includes(s) && !cut.includes(s));
  return {
    ask,
    answer: [
      `It is on ${holders.length} of ${voters.length}; the leader, S${leader.server}, needs ${need}.`,
      ...(away.length > 0 ? [`${names(away)} ${away.length > 1 ? "do" : "does"} not run.`] : []),
      ...(cut.length > 0 ? [`The link between S${leader.server} and ${names(cut)} is cut.`] : []),
      ...(coming.length > 0 ? [`${names(coming)} ${coming.length > 1 ? "have" : "has"} not received it yet.`] : []),
    ],
    section: "§5.3",
  };
}
