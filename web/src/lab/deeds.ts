import { leaderOf } from "../logs.js";
import type { Answers, LabAction, Link, ServerView } from "../model.js";
import { less } from "../numbers.js";
import { store } from "../store.js";
import { cutState } from "../words.js";

/** What can be done to a server of the lab: each deed with its words, why it cannot be done now, and what takes it back. */
export interface Deed {
  name: string;
  words: string;
  meaning: string; // one sentence
  not: string; // why it cannot be done now; empty: it can
  warning: string; // what the cluster loses by it; empty: nothing that it cannot bear
  acts: LabAction[]; // one after the other, at the same moment
  undo: LabAction[]; // takes it back; empty: nothing does
  done: string; // what was done, for the way back: "S1 crashed."
}

/** What deeds are about: the cluster as it is. */
export interface Cluster {
  servers: ServerView[];
  links: Link[];
  answers: Answers | null;
}

const SLOW = 0.5; // of real time: what a slow clock runs at, unless somebody chose

export const isPaused = (s: ServerView): boolean => s.machine?.state === "paused";
export const isDown = (s: ServerView): boolean => s.seat !== "connected";

/** All deeds for a server, in the groups and the order in which they always stand. */
export function deedsFor(id: number, cluster: Cluster): Deed[][] {
  const s = cluster.servers.find((v) => v.server === id);
  if (!s) return [];
  return [machineDeeds(s, cluster), timeDeeds(s, cluster), networkDeeds(s, cluster), clusterDeeds(s, cluster)];
}

export const deedOf = (id: number, name: string, cluster: Cluster): Deed | undefined => deedsFor(id, cluster).flat().find((d) => d.name === name);

function machineDeeds(s: ServerView, cluster: Cluster): Deed[] {
  const { server } = s;
  const down = isDown(s);
  const already = down ? `S${server} is down.` : "";
  const warning = lossOf(server, cluster)?.stopped ?? "";
  const restart: LabAction = { do: "restart", server };
  const wiped = s.report && !less(0, s.report.term) ? "" : `S${server} may have voted, and a majority may count on what it stored. One that forgets both can vote twice and lose what was committed: Raft does not survive that.`;
  const damaged = s.machine?.state === "damaged";
  return [
    deed("crash", "Crash", "The process ends: memory is lost, the disk is kept.", { not: already, warning, acts: [{ do: "crash", server }], undo: [restart], done: `S${server} crashed.` }),
    deed("power", "Power loss", "As a crash, and what the disk had not finished is lost too.", { not: already, warning, acts: [{ do: "power", server }], undo: [restart], done: `S${server} lost its power.` }),
    isPaused(s)
      ? deed("pause", "Go on", "It sees how late it is, and then what has arrived meanwhile.", { acts: [{ do: "resume", server }], undo: [{ do: "pause", server }], done: `S${server} goes on.` })
      : deed("pause", "Pause", "The process stops; what arrives waits.", { not: already, warning, acts: [{ do: "pause", server }], undo: [{ do: "resume", server }], done: `S${server} is paused.` }),
    deed("restart", "Restart", "It starts again with what its disk holds.", { not: !down ? `S${server} ${isPaused(s) ? "is paused, not down" : "runs"}.` : damaged ? "Its disk cannot be read: it has to be wiped." : "", acts: [restart], undo: [{ do: "crash", server }], done: `S${server} started again.` }),
    deed("wipe", "Wipe the disk", "It stops, and log, term and vote are forgotten.", { not: down && !damaged ? already : "", warning: wiped, acts: [{ do: "wipe", server }], done: `S${server} lost its disk.` }),
  ];
}

function timeDeeds(s: ServerView, cluster: Cluster): Deed[] {
  const { server } = s;
  const idle = idleWords(s);
  const slow = (s.machine?.clock ?? 1) !== 1;
  const leads = leaderOf(cluster.servers)?.server === server;
  return [
    deed("campaign", "Time out now", "Its election timer runs out, and it asks for votes.", { not: idle || (leads ? "It leads, and has no election timer." : s.machine?.member !== "voter" ? "It has no vote." : ""), acts: [{ do: "campaign", server }], done: `S${server} timed out.` }),
    deed("clock", slow ? "Right its clock" : "Slow its clock", slow ? "A second of its clock is a second again." : "Its clock runs at half speed: its timer takes twice as long.", {
      acts: [{ do: "clock", server, rate: slow ? 1 : SLOW }],
      undo: [{ do: "clock", server, rate: slow ? (s.machine?.clock ?? 1) : 1 }],
      done: slow ? `The clock of S${server} is right.` : `The clock of S${server} is slow.`,
    }),
  ];
}

function networkDeeds(s: ServerView, cluster: Cluster): Deed[] {
  const { server } = s;
  const others = cluster.servers.filter((o) => o.server !== server).map((o) => o.server);
  const cut = others.length > 0 && others.every((o) => cutState(cluster.links, server, o) === "cut");
  const undo = cutsAsNow(cluster);
  return [
    cut
      ? deed("cut", "Join again", "All its links are mended.", { acts: rejoining(server, cluster), undo, done: `S${server} is joined again.` })
      : deed("cut", "Cut off", "Nothing reaches it, and nothing of it reaches others.", { not: others.length === 0 ? "It is alone." : "", warning: lossOf(server, cluster)?.stopped ?? "", acts: isolation(server, cluster), undo, done: `S${server} is cut off.` }),
  ];
}

function clusterDeeds(s: ServerView, cluster: Cluster): Deed[] {
  const { server } = s;
  const idle = idleWords(s);
  const leader = leaderOf(cluster.servers);
  const voters = cluster.answers?.voters ?? [];
  const learners = cluster.answers?.learners ?? [];
  const votes = voters.includes(server);
  const inside = votes || learners.includes(server);
  const nobody = leader ? "" : "Nobody leads now, and only a leader can change that.";
  const without = voters.filter((v) => v !== server);
  const warning = lossOf(server, cluster)?.removed ?? "";
  return [
    leader?.server === server
      ? deed("transfer", "Hand over leadership", "To the server that has most of its log.", { not: idle || (voters.length < 2 ? "There is no other voter." : ""), acts: [{ do: "transfer", server }], done: `S${server} hands over.` })
      : deed("transfer", "Make it the leader", "The leader hands its leadership over to it.", { not: idle || nobody || (votes ? "" : "It has no vote."), acts: [{ do: "transfer", server: leader?.server ?? 0, to: server }], done: `S${server} is to lead.` }),
    deed("remove", "Remove from the cluster", "The leader changes who the servers are (§6).", { not: nobody || (!inside ? "It is not a member." : votes && voters.length === 1 ? "It is the only voter." : ""), warning, acts: [{ do: "reconfigure", servers: without, learners: learners.filter((l) => l !== server) }], done: `S${server} is being removed.` }),
    !inside || votes
      ? deed("add", "Add as learner", "It gets the log, and has no vote yet.", { not: nobody || (votes ? "It is a voter already." : ""), acts: [{ do: "reconfigure", servers: voters, learners: [...learners, server] }], done: `S${server} is being added.` })
      : deed("add", "Make it a voter", "It has the log, and is to vote now.", { not: nobody, acts: [{ do: "reconfigure", servers: [...voters, server].sort(), learners: learners.filter((l) => l !== server) }], done: `S${server} is to vote.` }),
    deed("compact", "Compact its log", "A snapshot takes the place of what it has applied (§7).", { not: idle || (s.report && !less(0, s.report.appliedIndex) ? "It has applied nothing yet." : ""), acts: [{ do: "compact", server }], done: `S${server} compacted its log.` }),
    deed("write", "Send a write", "A client asks it to write, whether it leads or not.", { not: idle, acts: [{ do: "put", server, key: "x" }], done: `A client asked S${server}.` }),
  ];
}

function deed(name: string, words: string, meaning: string, rest: Partial<Deed> & { acts: LabAction[] }): Deed {
  return { name, words, meaning, not: "", warning: "", undo: [], done: "", ...rest };
}

const idleWords = (s: ServerView): string => (isDown(s) ? `S${s.server} is down.` : isPaused(s) ? `S${s.server} is paused.` : "");

/** What the cluster cannot do without a server. */
const lossOf = (server: number, { answers }: Cluster) => answers?.losses.find((l) => l.server === server);

/** Cuts all links of a server: the network in two if it is whole otherwise, which is one deed and not many. */
export function isolation(server: number, { servers, links }: Cluster): LabAction[] {
  const others = links.filter((l) => l.from !== server && l.to !== server);
  if (others.every((l) => l.up)) return [{ do: "partition", servers: [server] }];
  return links.filter((l) => l.up && (l.from === server || l.to === server) && servers.length > 1).map((l) => ({ do: "cut", server: l.from, to: l.to }));
}

/** Makes all links of a server whole. */
export function rejoining(server: number, { servers, links }: Cluster): LabAction[] {
  const others = links.filter((l) => l.from !== server && l.to !== server);
  if (others.every((l) => l.up)) return [{ do: "partition", servers: servers.map((s) => s.server) }];
  return servers.filter((o) => o.server !== server).flatMap((o) => [{ do: "mend", server, to: o.server }, { do: "mend", server: o.server, to: server }]);
}

/** Cuts the links as they are cut now, whatever was cut or mended since. */
export function cutsAsNow({ servers, links }: Cluster): LabAction[] {
  const cuts = links.filter((l) => !l.up).map((l) => ({ do: "cut", server: l.from, to: l.to }));
  return [{ do: "partition", servers: servers.map((s) => s.server) }, ...cuts];
}

// ---- Doing

/** Does something to the cluster at the moment that is looked at, and offers the way back; what the lab refuses is said on the page. */
export async function perform(acts: LabAction[], done = "", undo: LabAction[] = []): Promise<void> {
  try {
    for (const action of acts) await store.askLab((id) => ({ type: "act", id, action }));
  } catch (why) {
    return store.notice((why as Error).message);
  }
  store.show({ undo: undo.length > 0 ? { text: done, acts: undo } : null, notice: "" });
}

/** As perform, for a deed of the menu. A client's write becomes a request of this page. */
export async function performDeed(d: Deed): Promise<void> {
  if (d.name !== "write") return perform(d.acts, d.done, d.undo);
  store.request("put", "x", String(store.requests.length + 1), d.acts[0]?.server ?? null).catch((why: Error) => store.notice(why.message));
}

export const clusterNow = (): Cluster => ({ servers: store.servers, links: store.room?.links ?? [], answers: store.answers });
