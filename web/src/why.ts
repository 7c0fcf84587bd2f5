import { cellAt, leaderOf } from "./logs.js";
import type { Link, Quorum, Report, ServerView, U64 } from "./model.js";
import { less, most, plus, same } from "./numbers.js";
import { decide, needed, share, tally, votersOf } from "./quorum.js";
import { names, span } from "./words.js";
import { MS } from "./time.js";

/**
 * Why something has not happened (yet): the question that one would ask now, and what the servers' own reports
 * answer. Pure functions.
 */

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
  quorums: Quorum[]; // of whom a majority decides
  off: string[]; // IDs of rules that no server keeps
  now: number;
}

/** The one question that there is: who does not lead, else what is not committed; null if all is well. */
export function question(standing: Standing): Question | null {
  const voters = standing.servers.filter((s) => votersOf(standing.quorums).includes(s.server));
  const known = voters.filter((s): s is Known => s.report !== null);
  if (known.length === 0) return null;
  const leader = leaderOf(standing.servers);
  const term = known.reduce<U64>((t, s) => most(t, s.report.term), 0);
  if (!leader?.report || less(leader.report.term, term)) return noLeader(standing, voters, known, term);
  const open = plus(leader.report.commitIndex, 1);
  return less(leader.report.lastIndex, open) ? null : notCommitted(standing, leader as Known, open);
}

const runs = (s: ServerView): boolean => s.seat === "connected" && s.machine?.state !== "paused";

/** Why nobody leads the newest term (§5.2). */
function noLeader({ links, quorums, now }: Standing, voters: ServerView[], known: Known[], term: U64): Question {
  const ask = same(term, 0) ? "Why does nobody lead?" : `Why does nobody lead term ${term}?`;
  const need = `${quorums.map((q) => `${q.needed} of ${q.voters.length}`).join(" and ")}`;
  const section = quorums.length > 1 ? "§6" : "§5.2";
  const running = known.filter(runs);
  if (!decide(running.map((s) => s.server), quorums)) {
    return { ask, answer: [`A leader needs ${need} votes, and ${running.length === 0 ? "none of the servers runs"
      : `only ${running.length} of the servers ${running.length === 1 ? "runs" : "run"}`}.`,
      "Nothing can be elected or committed until more of them are back."], section };
  }
  const candidates = running.filter((s) => (s.report.role === "candidate" || s.report.role === "preCandidate") &&
    !less(s.report.term, term));
  if (candidates.length === 0)
    return { ask, answer: [...waiting(running, now), `Whose timer ends first asks for votes. It needs ${need}.`],
    section };
  const answer = candidates.map((c) => candidacy(c, voters, links));
  if (candidates.filter((c) => c.report.role === "candidate").length > 1)
    answer.push("Each server has one vote a term: they are split. Whose next timer ends first tries a later term.");
  return { ask, answer, section };
}

function waiting(running: Known[], now: number): string[] {
  const left = running.flatMap((s) => (s.report.timer
    ? [{ server: s.server, left: s.report.timer.timeout - s.report.timer.elapsed - Math.max(0, now - s.report.at) }]
    : []));
  const first = left.sort((a, b) => a.left - b.left)[0];
  return first ? [`Everybody still waits to hear from a leader; S${first.server} longest, ${first.left > MS
    ? `for ${span(Math.round(first.left / MS) * MS)} more` : "and its timer ends now"}.`] : [];
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
  return `S${c.server} has ${tally(c.report).replace(/ of (\d)/g, " of the $1")
    .replace("votes", what)} it needs${parts.length > 0 ? `: ${parts.join(", ")}` : ""}.`;
}

const cutOff = (links: Link[], a: number, b: number): boolean => links.some((l) => !l.up &&
  ((l.from === a && l.to === b) || (l.from === b && l.to === a)));

/** Why the leader has not committed an entry of its log (§5.3, §5.4.2). */
function notCommitted({ servers, links, quorums, off }: Standing, leader: Known, index: U64): Question | null {
  const entry = cellAt(leader.report, index);
  if (!entry) return null;
  const termAt = (s: ServerView): U64 => (s.report && cellAt(s.report, index)?.term) ?? 0;
  const others = servers.filter((s) => s.report && !less(s.report.commitIndex, index) && !same(termAt(s), 0) &&
    !same(termAt(s), entry.term));
  if (others[0]) return contested(leader, index, entry.term, others.map((s) => s.server), termAt(others[0]));
  const ask = `Why is index ${index} not committed?`;
  const voters = servers.filter((s) => votersOf(quorums).includes(s.server));
  const lacking = voters.filter((s) => !same(termAt(s), entry.term));
  const holders = voters.filter((s) => !lacking.includes(s)).map((s) => s.server);
  const on = `It is on ${share(holders, quorums)}`;
  const section = quorums.length > 1 ? "§6" : "§5.3";
  const { term } = leader.report;
  if (decide(holders, quorums)) {
    const old = less(entry.term, term) && !off.includes("commitOnlyCurrentTerm");
    if (!old)
      return { ask,
      answer: [`${on}. S${leader.server}, the leader, knows of ${leader.report.quorums.map((q) => q.agreed)
      .join(" and ") || 1 + leader.report.peers.filter((p) => !less(p.match, index)).length} and needs ${needed(
      quorums)}: the answers are still on their way.`], section };
    const why = `But its term ${entry.term} is not the leader's term ${term}, and an older entry on a majority may `
      + "still be overwritten.";
    return { ask, answer: [`${on}, a majority. ${why}`,
      `It is committed together with the first entry of term ${term} that a majority stores.`], section: "§5.4.2" };
  }
  const away = lacking.filter((s) => !runs(s)).map((s) => s.server);
  const cut = lacking.filter((s) => runs(s) && cutOff(links, leader.server, s.server)).map((s) => s.server);
  const coming = lacking.map((s) => s.server).filter((s) => !away.includes(s) && !cut.includes(s));
  return {
    ask,
    answer: [
      `${on}; the leader, S${leader.server}, needs ${needed(quorums)}.`,
      ...(away.length > 0 ? [`${names(away)} ${away.length > 1 ? "do" : "does"} not run.`] : []),
      ...(cut.length > 0 ? [`The link between S${leader.server} and ${names(cut)} is cut.`] : []),
      ...(coming.length > 0 ? [`${names(coming)} ${coming.length > 1 ? "have" : "has"} not received it yet.`] : []),
    ],
    section,
  };
}

/**
 * Where a promise is broken an index may be committed and not committed: the leader lacks what others have
 * committed there (§5.4).
 */
function contested(leader: Known, index: U64, term: U64, others: number[], committed: U64): Question {
  const answer = [
    `${names(others)} committed the entry of term ${committed} there. S${leader.server}, the leader, lacks it, and has `
      + `one of term ${term}.`,
    "While every server keeps the rules no such server is elected. What was committed may now be overwritten.",
  ];
  return { ask: `Is index ${index} committed?`, answer, section: "§5.4" };
}
