import { QUALITIES, type Link, type Qualities, type Quality } from "../model.js";

/** The qualities of links as a person sets them. */

/** A link's qualities with one dial moved. */
export const withDial = (link: Link, q: Quality, value: number): Qualities =>
  ({ ...qualities(link), [q.name]: Math.round(value * q.per * 1e4) / 1e4 });

/** A link's qualities, exactly. */
const qualities = (l: Qualities): Qualities =>
  Object.fromEntries(QUALITIES.map(({ name }) => [name, l[name] ?? 0])) as unknown as Qualities;

/** Whether messages travel on two links in the same way. */
export const alike = (a: Qualities, b: Qualities): boolean =>
  QUALITIES.every(({ name }) => (a[name] ?? 0) === (b[name] ?? 0));
