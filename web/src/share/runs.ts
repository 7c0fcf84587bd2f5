import type { LabRun, Qualities } from "../model.js";

/** The runs that the page makes itself. Times of a run are µs of cluster time. */

export type Network = "calm" | "lossy" | "hostile";

/** What each network does to every link. */
export const NETWORKS: Record<Network, { words: string; link: Qualities }> = {
  calm: { words: "10 to 20 ms one way, nothing is lost", link: { latency: 15_000, jitter: 5_000 } },
  lossy: { words: "one message in ten is lost", link: { latency: 15_000, jitter: 10_000, loss: 0.1 } },
  hostile: { words: "slow and uneven; one in five is lost, some come twice or late",
    link: { latency: 30_000, jitter: 25_000, loss: 0.2, duplicate: 0.1, reorder: 0.2 } },
};

export function newRun(servers: number, seed: string, network: Network): LabRun {
  const { link } = NETWORKS[network];
  const run: LabRun = { version: 1, config: { servers, latency: link.latency, jitter: link.jitter },
    seed: Number.isSafeInteger(Number(seed)) ? Number(seed) : seed };
  return network === "calm" ? run : { ...run, actions: [{ at: 0, do: "network", link }] };
}

/** A seed is an unsigned 64-bit number in decimal. Drawn seeds are short: people tell them to others. */
export const isSeed = (text: string): boolean => /^\d{1,20}$/.test(text) && BigInt(text) < 2n ** 64n;

export const drawSeed = (): string => String(1 + Math.floor(Math.random() * 9_999));

/** The ways in which a compared run may differ. */
export type Change = "rules" | "last" | "seed" | "slower";

/**
 * The run with one change. `missed`: the rules that are then on again; rules that Figure 2 does not have
 * stay as they are. Throws an Error of one sentence if the change is impossible.
 */
export function changed(run: LabRun, change: Change, missed: string[]): LabRun {
  const actions = run.actions ?? [];
  const kept = (off: string[] = []) => off.filter((id) => !missed.includes(id));
  switch (change) {
    case "rules":
      return { ...run, config: { ...run.config, off: kept(run.config.off) },
        actions: actions.map((a) => (a.do === "rules" ? { ...a, off: kept(a.off) } : a)) };
    case "last":
      if (actions.length === 0) throw new Error("Nothing was done in this run, so there is nothing to leave out.");
      return { ...run, actions: actions.slice(0, -1) };
    case "seed":
      return { ...run, seed: ((BigInt(run.seed) + 1n) % 2n ** 64n).toString() };
    case "slower": // the initial latency, and those that actions set
      return { ...run, config: { ...run.config, latency: run.config.latency * 2 },
        actions: actions.map((a) => (a.link ? { ...a, link: { ...a.link, latency: a.link.latency * 2 } } : a)) };
  }
}
