import type { RaftElement } from "../view/element.js";
import type { LabDescription, LabOffer, ServerView } from "../model.js";
import { store } from "../state/store.js";

/** The lab says what can be done to the cluster, and why not (raft/lab/offers.go). */

export const isDown = (s: ServerView): boolean => s.seat !== "connected";

/** A deed's name and meaning in words; empty until the catalogue is known. */
export const described = (name: string): LabDescription => store.catalogue.deeds.find((d) => d.do === name) ??
  { do: name, words: "", meaning: "" };

/**
 * What can be done to a server. The lab is asked whenever a view is drawn, and the view is drawn again if
 * the answer has changed.
 */
export class Offers {
  private groups: LabOffer[][] = [];
  private server = 0;
  private asking = false;

  constructor(private view: RaftElement) {}

  /** The last offers, in groups; empty before the lab has answered. */
  at(server: number): LabOffer[][] {
    if (server !== this.server) this.groups = [];
    this.server = server;
    if (server > 0 && !this.asking) void this.ask(server);
    return this.groups;
  }

  private async ask(server: number): Promise<void> {
    this.asking = true;
    const before = JSON.stringify(this.groups);
    // While the lab is on its way to another moment, its last answer stands.
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
