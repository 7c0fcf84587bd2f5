import type { LabControl, LabLink, Link } from "../model.js";
import { store } from "../store.js";

/** The network's qualities as a person sets them. */

/** How one of them is set: with a slider, in a unit of people's. */
export interface Dial extends LabControl {
  quality: keyof LabLink;
  least: number;
}

const OF_A_LINK = "link."; // before the name of a quality

/** The qualities that there are. */
export const dials = (): Dial[] => store.catalogue.arguments.flatMap(({ name, least, control }) =>
  control && name.startsWith(OF_A_LINK)
    ? [{ quality: name.slice(OF_A_LINK.length) as keyof LabLink, least, ...control }] : []);

/** What a dial stands at for a link, in its unit. */
export const dialOf = (link: Link, { quality, one }: Dial): number =>
  Math.round(((link[quality] ?? 0) / one) * 10) / 10;

/** A link's qualities with one of them at another place. */
export const withDial = (l: Link, { quality, one }: Dial, value: number): LabLink =>
  ({ latency: l.latency, jitter: l.jitter, loss: l.loss ?? 0, duplicate: l.duplicate ?? 0, reorder: l.reorder ?? 0,
    [quality]: Number((value * one).toPrecision(9)) });
