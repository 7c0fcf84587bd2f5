import type { Quorum, Report, ServerView } from "./model.js";
import { less, same } from "./numbers.js";

/**
 * What a majority is and who makes one, in words. The servers say which voters have to agree and how many of them
 * (raft/quorum.go): here they are only counted.
 */

/**
 * The voters of whom a majority decides now: as the leader says or, where nobody leads, the server with the newest log.
 * Two lists while the configuration is joint. Of servers of another kind, which do not say, everybody has a vote.
 */
export function quorumsOf(servers: ServerView[], leader: ServerView | null, majorities: number[]): Quorum[] {
  const saying = servers.flatMap(({ report }) => (report?.quorums?.length ? [report] : []));
  const newest = (a: Report, b: Report) => (same(a.lastTerm, b.lastTerm) ? less(a.lastIndex, b.lastIndex)
    : less(a.lastTerm, b.lastTerm)) ? b : a;
  const said = saying.find((r) => r === leader?.report)
    ?? saying.reduce<Report | undefined>((a, b) => (a ? newest(a, b) : b), undefined);
  if (said) return said.quorums;
  const voters = servers.filter((s) => !s.machine || s.machine.member === "voter").map((s) => s.server);
  return [{ voters, needed: majorities[voters.length] ?? 0, agreed: 0 }];
}

const among = (servers: number[], { voters }: Quorum): number => voters.filter((v) => servers.includes(v)).length;

/** Everybody who has a vote. */
export const votersOf = (quorums: Quorum[]): number[] => [...new Set(quorums.flatMap((q) => q.voters))].sort();

/** Whether these servers are enough to elect a leader and to commit. */
export const decide = (servers: number[], quorums: Quorum[]): boolean =>
  quorums.every((q) => among(servers, q) >= q.needed);

/** How many of the voters they are: `3 of 5`, of a joint configuration `2 of 3 and 1 of 3`. */
export const share = (servers: number[], quorums: Quorum[]): string =>
  quorums.map((q) => `${among(servers, q)} of ${q.voters.length}`).join(" and ");

/** How many are needed: `3`, of a joint configuration `2 and 2`. */
export const needed = (quorums: Quorum[]): string => quorums.map((q) => q.needed).join(" and ");

/** What a side of a partition can do. */
export const sideWords = (servers: number[], quorums: Quorum[]): string => (decide(servers, quorums)
  ? `majority ${share(servers, quorums)}` : `${share(servers, quorums)}: cannot elect`);

/** How an election stands: `2 of 3 votes`. */
export const tally = ({ quorums, votes, votesNeeded }: Report): string =>
  `${quorums.map((q) => `${q.agreed} of ${q.needed}`).join(" and ") ||
    `${votes.filter((v) => v.state === "granted").length} of ${votesNeeded}`} votes`;

/**
 * The servers that could decide together: of those that run, all of which reach each other both ways, those that are
 * enough, else the most.
 */
export function together(up: number[], reach: (a: number, b: number) => boolean, quorums: Quorum[]): number[] {
  const worth = (group: number[]) => (decide(group, quorums) ? up.length : 0) + group.length;
  let best: number[] = [];
  for (let set = 1; set < 1 << up.length; set++) {
    const group = up.filter((_, i) => set & (1 << i));
    if (worth(group) <= worth(best)) continue;
    if (group.every((a) => group.every((b) => a === b || (reach(a, b) && reach(b, a))))) best = group;
  }
  return best;
}
