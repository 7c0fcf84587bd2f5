import type { RaftElement } from "../view/element.js";
import type { LabDescription, LabOffer, ServerView } from "../model.js";
import { store } from "../state/store.js";

/** What can be done to the cluster, and why not, the lab says (raft/lab/offers.go): here it is asked for, and done. */

export const isDown = (s: ServerView): boolean => s.seat !== "connected";

/** What a deed is called, and what it means; empty until the catalogue is told. */
export const described = (name: string): LabDescription => store.catalogue.deeds.find((d) => d.do === name) ??
  { do: name, words: "", meaning: "" };

/**
 * What can be done to a server. It is asked for whenever a view is drawn, which is drawn again if the answer is another
 * one.
 */
export class Offers {
  private groups: LabOffer[][] = [];
  private server = 0;
  private asking = false;

  constructor(private view: RaftElement) {}

  /** Those that were offered last, in groups; none before the lab has answered. */
  at(server: number): LabOffer[][] {
    if (server !== this.server) this.groups = [];
    this.server = server;
    if (server > 0 && !this.asking) void this.ask(server);
    return this.groups;
  }

  private async ask(server: number): Promise<void> {
    this.asking = true;
    const before = JSON.stringify(this.groups);
    // While the lab is on its way to another moment, what it told before stands.
    const told = store.askLab((id) => ({ type: "deeds", id, server }));
    const groups = (await told.catch(() => null)) as LabOffer[][] | null;
    this.asking = false;
    if (server === this.server && groups) this.groups = groups;
    if (server !== this.server || JSON.stringify(this.groups) !== before) this.view.requestUpdate();
  }
}

/** Does what was offered. A client's write becomes a request of this page. */
export async function accept(offer: LabOffer): Promise<void> {
  if (offer.name !== "write") return store.act(offer.acts, offer.done);
  const value = String(store.requests.length + 1);
  const asked = store.request("put", "x", value, offer.acts[0]?.server ?? null);
  await asked.catch((why: Error) => store.notice(why.message));
}
