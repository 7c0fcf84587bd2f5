import { parted } from "../layout.js";
import { QUALITIES, type Lab, type LabAction, type LabWrong, type Link, type ServerView } from "../model.js";
import { alike, qualities } from "./network.js";
import { cutState, cutWords, dialOf, dialWords, names } from "../words.js";

/** One thing that is not as in a calm cluster, and what rights it. */
export interface Wrong extends LabWrong {
  chaos?: false; // no more faults are drawn
}

/** All that is wrong now: machines, of which the lab tells, then links, then what is still to come. */
export function wrongs(servers: ServerView[], links: Link[], lab: Lab | null, held: number[]): Wrong[] {
  return [...(lab?.wrong ?? []), ...ofCuts(servers, links), ...ofLinks(links), ...ofRun(lab, held)];
}

/** Links that are cut: one line for a network in two or more parts, else one for each pair. */
function ofCuts(servers: ServerView[], links: Link[]): Wrong[] {
  const ids = servers.map((s) => s.server);
  const up = (a: number, b: number) => links.find((l) => l.from === a && l.to === b)?.up ?? true;
  const groups = parted(ids, up);
  const clean = groups.every((g) => g.every((a) => g.every((b) => a === b || up(a, b))));
  if (groups.length > 1 && clean)
    return [{ text: `The network is cut: ${groups.map(names).join(" | ")}`, words: "Mend",
    acts: [{ do: "partition", servers: ids }] }];
  return ids.flatMap((a, i) => ids.slice(i + 1).flatMap((b): Wrong[] => {
    const state = cutState(links, a, b);
    if (state === "whole") return [];
    const acts = [[a, b], [b, a]].filter(([from, to]) => !up(from!, to!))
      .map(([server, to]): LabAction => ({ do: "mend", server: server!, to: to! }));
    return [{ text: `S${a} – S${b}: ${cutWords(state, a, b)}`, words: "Mend", acts }];
  }));
}

/** Links on which messages stop, and what gets lost, doubled or late everywhere or somewhere. */
function ofLinks(links: Link[]): Wrong[] {
  const list: Wrong[] = links.filter((l) => l.hold)
    .map((l) => ({ text: `What S${l.from} sends S${l.to} is held`, words: "Release",
    acts: [{ do: "release", server: l.from, to: l.to }] }));
  for (const q of QUALITIES.filter(({ fault }) => fault)) {
    const bad = links.filter((l) => (l[q.name] ?? 0) > 0);
    if (bad.length === 0) continue;
    const calmer = (l: Link) => ({ ...qualities(l), [q.name]: 0 });
    const most = dialWords(Math.max(...bad.map((l) => dialOf(l, q))), q);
    const acts = bad.map((l): LabAction => ({ do: "network", server: l.from, to: l.to, link: calmer(l) }));
    const all = bad.length === links.length && bad.every((l) => alike(calmer(l), calmer(bad[0]!)));
    list.push({ text: `${bad.length === links.length ? "All links"
      : `${bad.length} of ${links.length} links`} ${q.fault} ${bad.length > 1 ? "up to " : ""}${most}`,
      words: "Stop", acts: all ? [{ do: "network", link: calmer(bad[0]!) }] : acts });
  }
  return list;
}

function ofRun(lab: Lab | null, held: number[]): Wrong[] {
  const list: Wrong[] = [];
  if (held.length > 0) list.push({ text: held.length === 1 ? "One message is held" : `${held.length} messages are held`,
    words: "Release", acts: held.map((frame) => ({ do: "releaseFrame", frame })) });
  if (lab?.chaos) list.push({ text: "Faults happen by themselves", words: "No more", acts: [], chaos: false });
  return list;
}
