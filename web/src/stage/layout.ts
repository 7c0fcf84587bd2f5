/**
 * Where things stand on the stage. Pure geometry in CSS pixels: the origin is the stage's upper left corner,
 * y grows downward.
 */

export interface Point {
  x: number;
  y: number;
}

export interface Box {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

export interface Ring {
  width: number;
  height: number;
  free: number; // px from the left that nothing else occupies
  r: number; // of a node
  strips: boolean; // mini logs stand under the labels
  compact: boolean; // room for no more than names
  points: Point[]; // of server 1, 2, …; S1 at the top, clockwise
  names: Box[]; // where their names stand, with the mini logs under them
}

/** What a stage draws of a node: everything, or less where the servers would overlap. */
interface Form {
  r: number;
  strips: boolean;
  compact: boolean;
  large: boolean; // type is a quarter larger
  name: number; // px that a name takes, with its badges
}

const NAME = 92; // px of most names

const LOW = 300; // px of height below which the stage is compact
const CAP = 420; // the widest ring, px
// width of a ring ÷ its height; it is wider on a low stage, and where the servers would meet
const ROUND = 1.12;
const WIDEST = 2.4;
const FLATTEST = 800; // almost a line, for a stage too low for a ring without overlaps
// px of extra distance where there is room: the rings of broken promises then do not overlap
const EASE = 20;
const EASIEST = 3.6; // how wide a ring may become for that
const PROJECTOR = 44; // px: a node's radius where the stage is as wide as this:
const PROJECTOR_WIDTH = 1200;

/** The radius of a node for a stage of this size. */
function nodeRadius(width: number, height: number, servers: number): number {
  if (height < LOW) return servers >= 5 || height < 210 ? 19 : 24;
  if (width < 600) return 26;
  if (height < 400 && servers >= 5) return 28;
  if (width >= PROJECTOR_WIDTH) return PROJECTOR;
  return servers >= 7 ? 28 : 32;
}

/** The space that a ring leaves for other elements and for long names; px. */
interface Kept {
  right: number;
  bottom: number;
  top?: number;
  names?: number; // how wide a name is, with what stands beside it
}

/**
 * The ring: an ellipse, as large as the labels allow and as round as the servers allow, centred by what is
 * really drawn (an odd ring is not symmetrical).
 */
export function ring(width: number, height: number, servers: number, kept: Kept = { right: 0, bottom: 0 }): Ring {
  const known = `${width} ${height} ${servers} ${kept.right} ${kept.bottom} ${kept.top} ${kept.names}`;
  if (last?.known !== known) last = { known, ring: layOut(width, height, servers, kept) };
  return last.ring;
}

let last: { known: string; ring: Ring } | null = null; // a stage asks again whenever it is drawn

function layOut(width: number, height: number, servers: number, kept: Kept): Ring {
  const [wide, high] = [Math.max(0, width - kept.right), Math.max(0, height - kept.bottom - (kept.top ?? 0))];
  const roundest = high < LOW ? 1.9 : high < 340 ? 1.7 : high < 400 ? 1.4 : ROUND;
  let points: Point[] = [];
  let form: Form = { r: 0, strips: false, compact: false, large: false, name: NAME };
  const ringOf = (): Ring => {
    const below = points.map((p) => ({ x: p.x, y: p.y + (kept.top ?? 0) }));
    return { width, height, free: wide, ...form, points: below, names: namesOf(below, form) };
  };
  for (form of forms(wide, high, servers, kept.names ?? NAME)) {
    for (const [ease, widest] of [[EASE, EASIEST], [0, WIDEST]] as const) {
      for (let squash = roundest; squash <= widest; squash += 0.08) {
        points = ellipse(wide, high, servers, form, squash);
        if (isRoomy(points, namesOf(points, form), form, ease)) return ringOf();
      }
    }
  }
  for (let squash = WIDEST * 1.25; squash <= FLATTEST; squash *= 1.25) {
    points = ellipse(wide, high, servers, form, squash);
    if (isRoomy(points, namesOf(points, form), form, 0)) break;
  }
  return ringOf();
}

/** Forms of a node, from the one that shows all to the smallest. */
function forms(width: number, height: number, servers: number, name: number): Form[] {
  const r = nodeRadius(width, height, servers);
  const large = width >= PROJECTOR_WIDTH;
  const radii = [r, ...[38, 32, 28, 26, 22, 19, 16].filter((s) => s < r)];
  return [
    ...(width >= 600 && height >= 420 ? [{ r, strips: true, compact: false, large, name }] : []),
    ...(height < LOW ? [] : radii.filter((s) => s === r || s >= 28)
      .map((s) => ({ r: s, strips: false, compact: false, large, name }))),
    ...radii.filter((s) => s <= 28).map((s) => ({ r: s, strips: false, compact: true, large, name })),
  ];
}

const DROP = 23; // px that a node's name stands from its edge at most (labelDrop)

const label = (form: Form) => {
  const larger = form.large ? 1.25 : 1;
  return { width: (form.compact ? 26 : form.name) * larger, height: 22 * larger, strip: form.strips ? 24 : 0 };
};

/** Servers on an ellipse, as far from each other along it. */
function ellipse(width: number, height: number, servers: number, form: Form, squash: number): Point[] {
  const { r } = form;
  const name = label(form);
  const edge = r + DROP + name.height;
  const [above, below] = [edge + (form.strips ? 24 : 0), edge + name.strip];
  const free = Math.max(1, height - above - below);
  const around = evenly(servers, squash);
  const widest = Math.max(...around.map((p) => Math.abs(p.x)), 0.01);
  const lowest = servers === 1 ? 0 : Math.max(...around.map((p) => p.y));
  let ry = servers === 1 ? 0 : Math.min(free / (1 + lowest), CAP / ROUND);
  const rx = servers === 1 ? 0 : Math.min(squash * ry,
    Math.max(0, width / 2 - Math.max(r < 30 ? r + 28 : 110, name.width / 2 + 16)) / widest, CAP);
  ry = Math.min(ry, rx * 1.1);
  const top = above + (free - ry * (1 + lowest)) / 2;
  return around.map((p) => ({ x: width / 2 + rx * p.x, y: top + ry * (1 + p.y) }));
}

const STEPS = 180; // in which an ellipse is measured

/**
 * Points of an ellipse `squash` times as wide as high, in parts of its radii, from the top, clockwise, with equal
 * lengths of it between them. In one that is almost a line an even number of them begins beside the top: else each
 * would stand upon the one below it.
 */
function evenly(count: number, squash: number): Point[] {
  const at = (i: number): Point =>
    ({ x: Math.sin((2 * Math.PI * i) / STEPS), y: -Math.cos((2 * Math.PI * i) / STEPS) });
  const lengths = [0];
  for (let i = 1; i <= STEPS; i++) {
    const [a, b] = [at(i - 1), at(i)];
    lengths.push((lengths[i - 1] ?? 0) + Math.hypot((b.x - a.x) * squash, b.y - a.y));
  }
  const whole = lengths[STEPS] ?? 1;
  const shift = squash > EASIEST && count % 2 === 0 ? 0.25 : 0;
  return Array.from({ length: count }, (_, k) => {
    const wanted = (whole * (k + shift)) / count;
    const i = lengths.findIndex((l) => l >= wanted);
    const before = lengths[i - 1] ?? 0;
    return at(i === 0 ? 0 : i - 1 + (wanted - before) / ((lengths[i] ?? wanted) - before));
  });
}

/** Where the servers' names stand: below them, except for the first, at the top. */
function namesOf(points: Point[], form: Form): Box[] {
  const { r } = form;
  const name = label(form);
  const near = form.compact ? 12 : 16;
  return points.map((p, i) => {
    const above = i === 0 && points.length > 1;
    return { left: p.x - name.width / 2, right: p.x + name.width / 2, top: above ? p.y - r - near - name.height
      : p.y + r + near, bottom: above ? p.y - r - near : p.y + r + near + name.height + name.strip };
  });
}

/**
 * Whether no server's timer or selection touches another's, and no name overlaps another server or name.
 * `ease`: px of extra distance.
 */
function isRoomy(points: Point[], names: Box[], form: Form, ease: number): boolean {
  const { r } = form;
  return points.every((p, i) => points.every((q, j) => {
    if (i === j) return true;
    if (Math.hypot(p.x - q.x, p.y - q.y) < 2 * r + 27 + ease) return false;
    const [one, other] = [names[i], names[j]];
    if (!one || !other) return true;
    const away = Math.hypot(q.x - Math.max(one.left, Math.min(one.right, q.x)),
      q.y - Math.max(one.top, Math.min(one.bottom, q.y)));
    return away >= r + (form.compact ? 10 : 16) + ease / 2 && (one.right <= other.left || other.right <= one.left ||
      one.bottom <= other.top || other.bottom <= one.top);
  }));
}

/** The middle for something so wide: x, or the nearest place that keeps all of it between 0 and `end`. */
export const inside = (x: number, width: number, end: number): number => Math.max(width / 2,
  Math.min(end - width / 2, x));

/**
 * A message's lane: from edge to edge, 6 px to the right of the way it goes, so that the two directions never
 * meet.
 */
export interface Lane {
  from: Point;
  to: Point;
  dx: number; // unit vector of travel
  dy: number;
  angle: number; // degrees, 0 = to the right, clockwise
}

export function lane(a: Point, b: Point, r: number, aside = 6): Lane {
  const length = Math.hypot(b.x - a.x, b.y - a.y) || 1;
  const dx = (b.x - a.x) / length;
  const dy = (b.y - a.y) / length;
  const gap = Math.min(r + 6, length / 2);
  const off = { x: -dy * aside, y: dx * aside };
  return {
    from: { x: a.x + dx * gap + off.x, y: a.y + dy * gap + off.y },
    to: { x: b.x - dx * gap + off.x, y: b.y - dy * gap + off.y },
    dx,
    dy,
    angle: (Math.atan2(dy, dx) * 180) / Math.PI,
  };
}

export const along = (l: Lane, fraction: number): Point => ({
  x: l.from.x + (l.to.x - l.from.x) * fraction,
  y: l.from.y + (l.to.y - l.from.y) * fraction,
});

/** A client stands outside the ring, beside its server; its frames come in and go out level. */
export function clientLane(server: Point, centre: Point, r: number, inward: boolean): Lane {
  const side = server.x < centre.x - 1 ? -1 : 1;
  const client = { x: server.x + side * (r + 78), y: server.y };
  return inward ? lane(client, server, r, 0) : lane(server, client, r, 0);
}

/**
 * Where the dot for the vote of server k stands inside a candidate: the dots are a small copy of the ring,
 * so each server is easy to find.
 */
export function voteDot(k: number, servers: number, r: number): Point {
  const angle = (2 * Math.PI * (k - 1)) / servers - Math.PI / 2;
  return { x: 0.74 * r * Math.cos(angle), y: 0.74 * r * Math.sin(angle) };
}

const LABEL = { aside: 36, above: 8 }; // px from the middle of a message's label to its ends

/**
 * Of several labels, those that may be shown: in order of importance, none within 40 px of another or over a node or
 * its name, at most six.
 */
export function spareLabels<T extends { at: Point }>(wanted: T[], { points, names, r }: Pick<Ring,
  "points" | "names" | "r">): T[] {
  const shown: T[] = [];
  const beyond = (a: number, b: number, reach: number) => Math.max(0, Math.abs(a - b) - reach);
  for (const label of wanted) {
    if (shown.length === 6) break;
    const { x, y } = label.at;
    if (shown.some((s) => Math.hypot(s.at.x - x, s.at.y - y) < 40)) continue;
    if (points.some((n) => Math.hypot(beyond(n.x, x, LABEL.aside), beyond(n.y, y, LABEL.above)) < r + 8)) continue;
    if (names.some((n) => x + LABEL.aside > n.left && x - LABEL.aside < n.right && y + LABEL.above > n.top &&
      y - LABEL.above < n.bottom)) continue;
    shown.push(label);
  }
  return shown;
}

export type Side = "right" | "left" | "none";

const REASON = 100; // px that "lost: link cut" takes

/** What a short line of text on that side of a point covers. */
export const reasonBox = (at: Point, side: Side): Box => ({ left: side === "right" ? at.x + 6 : at.x - REASON,
  right: side === "right" ? at.x + REASON : at.x - 6, top: at.y - 22, bottom: at.y - 2 });

const meet = (a: Box, b: Box): boolean => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;

/** What a node covers, with its timer. */
const nodeBox = ({ x, y }: Point, r: number): Box => ({ left: x - r, right: x + r, top: y - r - 4, bottom: y + r + 4 });

/**
 * The side of a point on which a short line of text overlaps no node, no name and no taken box, and stays on
 * the stage.
 */
export function reasonSide(at: Point, ring: Ring, taken: Box[] = []): Side {
  const full = [...ring.points.map((p) => nodeBox(p, ring.r)), ...ring.names, ...taken];
  const free = (side: Side) => {
    const box = reasonBox(at, side);
    return box.left >= 0 && box.right <= ring.width && !full.some((other) => meet(box, other));
  };
  return free("right") ? "right" : free("left") ? "left" : "none";
}

const CROSS = 7; // px from the middle of a lost message's cross to its ends

const crossBox = ({ x, y }: Point): Box => ({ left: x - CROSS, right: x + CROSS, top: y - CROSS, bottom: y + CROSS });

/** A lost message: where its cross is, and on which side of it the reason stands. */
export interface Lost {
  at: Point;
  reason: Side;
}

/** Whether the reason of one lost message covers the cross of another. */
export const covers = (one: Lost, other: Point): boolean =>
  one.reason !== "none" && meet(reasonBox(one.at, one.reason), crossBox(other));

/**
 * The side of its cross on which a lost message's reason has room; none where another reason is near. It
 * covers neither the others' reasons nor their crosses.
 */
export function spareReason(at: Point, ring: Ring, others: Lost[]): Side {
  const told = others.filter((o) => o.reason !== "none");
  if (told.some((o) => Math.hypot(o.at.x - at.x, o.at.y - at.y) < 60)) return "none";
  return reasonSide(at, ring, [...others.map((o) => crossBox(o.at)), ...told.map((o) => reasonBox(o.at, o.reason))]);
}

const NOTE = { letter: 6.7, padding: 28, line: 18, least: 120, edge: 8 }; // px of a note on the stage

/**
 * Where a note of so many letters covers no server, no name and no taken box; if there is no such place,
 * where it covers least.
 */
export function noteBox(letters: number, ring: Ring, taken: Box[]): Box {
  const full = [...ring.points.map((p) => nodeBox(p, ring.r + 10)), ...ring.names, ...taken];
  const over = (a: Box, b: Box) => Math.max(0, Math.min(a.right, b.right) - Math.max(a.left, b.left)) * Math.max(0,
    Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top));
  const covers = (box: Box) => full.reduce((sum, other) => sum + over(box, other), 0);
  let best: { box: Box; covers: number } | null = null;
  for (const lines of [1, 2, 3, 4, 5]) {
    const width = Math.min(ring.width - 2 * NOTE.edge,
      Math.max(NOTE.least, ((letters + 4 * (lines - 1)) * NOTE.letter) / lines + NOTE.padding));
    const height = Math.ceil((letters * NOTE.letter) / (width - NOTE.padding)) * NOTE.line + 14;
    const [bottom, right] = [ring.height - NOTE.edge - height, ring.width - NOTE.edge - width];
    for (const [left, top] of [[NOTE.edge, bottom], [right, bottom], [right / 2 + NOTE.edge / 2, bottom],
      [NOTE.edge, NOTE.edge], [right, NOTE.edge]] as const) {
      const box = { left, top, right: left + width, bottom: top + height };
      if (!best || covers(box) < best.covers) best = { box, covers: covers(box) };
    }
  }
  return best?.box ?? { left: 0, right: 0, top: 0, bottom: 0 };
}

const WALL_END = 36; // px that a wall goes beyond the links it cuts

/** The wall between two groups of points, if a straight one keeps at least r from every point; else null. */
export function wall(one: Point[], other: Point[], r: number): { from: Point; to: Point } | null {
  const middle = (points: Point[]): Point => ({ x: points.reduce((sum, p) => sum + p.x, 0) / points.length,
    y: points.reduce((sum, p) => sum + p.y, 0) / points.length });
  const [a, b] = [middle(one), middle(other)];
  const apart = Math.hypot(b.x - a.x, b.y - a.y);
  if (!(apart > 0)) return null;
  const normal = { x: (b.x - a.x) / apart, y: (b.y - a.y) / apart };
  const depth = (p: Point) => (p.x - a.x) * normal.x + (p.y - a.y) * normal.y;
  const near = Math.max(...one.map(depth));
  const far = Math.min(...other.map(depth));
  if (far - near < 2 * r) return null;
  const at = (near + far) / 2;
  const foot = { x: a.x + normal.x * at, y: a.y + normal.y * at };
  // Where each link between the groups crosses the wall, along it.
  const crossings = one.flatMap((p) => other.map((q) => {
    const t = (at - depth(p)) / (depth(q) - depth(p));
    return (p.x + (q.x - p.x) * t - foot.x) * -normal.y + (p.y + (q.y - p.y) * t - foot.y) * normal.x;
  }));
  const point = (along: number): Point => ({ x: foot.x - normal.y * along, y: foot.y + normal.x * along });
  return { from: point(Math.min(...crossings) - WALL_END), to: point(Math.max(...crossings) + WALL_END) };
}
