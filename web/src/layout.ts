/** Where things stand on the stage. Pure geometry in CSS pixels: the origin is the stage's upper left corner, y grows downward. */

export interface Point {
  x: number;
  y: number;
}

export interface Ring {
  width: number;
  height: number;
  r: number; // of a node
  strips: boolean; // mini logs stand under the labels
  compact: boolean; // too low for more than names: the ring is squashed
  points: Point[]; // of server 1, 2, …; S1 at the top, clockwise
}

const LOW = 300; // px of height below which the stage is compact
const CAP = 420; // the widest ring, px

/** The space that a node's marks need around its centre. */
function margins(r: number, strips: boolean, compact: boolean): { above: number; below: number; beside: number } {
  if (compact) return { above: r + 12 + 20, below: r + 12 + 26, beside: r + 28 };
  return { above: r + 18 + 24 + (strips ? 34 : 0), below: r + 18 + 24 + (strips ? 26 : 0), beside: r < 30 ? r + 28 : 110 };
}

/** The radius of a node for a stage of this size (LOOK §4). */
export function nodeRadius(width: number, height: number, servers: number): number {
  if (height < LOW) return servers >= 5 || height < 210 ? 19 : 24;
  if (width < 600) return 26;
  if (height < 400 && servers >= 5) return 28;
  if (width >= 1400) return 44;
  return servers >= 7 ? 28 : 32;
}

/** The ring: LOOK §1's ellipse, as large as the labels allow, centred by what is really drawn
 * (an odd ring is not symmetrical). `kept`: px at the right and at the bottom that are kept free for something else. */
export function ring(width: number, height: number, servers: number, kept: { right: number; bottom: number } = { right: 0, bottom: 0 }): Ring {
  const r = nodeRadius(width, height - kept.bottom, servers);
  const many = servers >= 7; // they stand close: a wide ring, and mini logs only where there is room
  const strips = width >= 600 && height >= (many ? 560 : 420);
  const compact = height - kept.bottom < LOW;
  const m = margins(r, strips, compact);
  const angles = Array.from({ length: servers }, (_, i) => (2 * Math.PI * i) / Math.max(1, servers) - Math.PI / 2);
  const widest = Math.max(...angles.map((a) => Math.abs(Math.cos(a))), 0.01);
  const lowest = Math.max(...angles.map((a) => Math.sin(a)), servers === 1 ? 0 : -1);
  const free = Math.max(0, height - kept.bottom - m.above - m.below);
  let ry = servers === 1 ? 0 : free / (1 + lowest);
  let rx = Math.min((compact ? 1.9 : many ? 1.6 : height - kept.bottom < 400 ? 1.4 : 1.12) * ry, Math.max(0, (width - kept.right) / 2 - m.beside) / widest, CAP);
  ry = Math.min(ry, rx * 1.1, CAP / 1.12);
  if (servers === 1) rx = 0;
  const drawn = ry * (1 + lowest);
  const top = m.above + (free - drawn) / 2;
  const points = angles.map((a) => ({ x: (width - kept.right) / 2 + rx * Math.cos(a), y: top + ry * (1 + Math.sin(a)) }));
  return { width, height, r, strips, compact, points };
}

/** A message's lane: from edge to edge, 6 px to the right of the way it goes, so that the two directions never meet (LOOK §5). */
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

/** Where the dot for the vote of server k stands inside a candidate: the dots are the ring in small, so that everybody finds his own (LOOK §4). */
export function voteDot(k: number, servers: number, r: number): Point {
  const angle = (2 * Math.PI * (k - 1)) / servers - Math.PI / 2;
  return { x: 0.74 * r * Math.cos(angle), y: 0.74 * r * Math.sin(angle) };
}

/** Of several labels, those that may be shown: in order of importance, none within 40 px of another or of a node, at most six (LOOK §5). */
export function spareLabels<T extends { at: Point }>(wanted: T[], nodes: Point[], r: number): T[] {
  const shown: T[] = [];
  for (const label of wanted) {
    if (shown.length === 6) break;
    const near = (p: Point, d: number) => Math.hypot(p.x - label.at.x, p.y - label.at.y) < d;
    if (shown.some((s) => near(s.at, 40)) || nodes.some((n) => near(n, r + 24))) continue;
    shown.push(label);
  }
  return shown;
}

export type Side = "right" | "left" | "none";

const REASON = 100; // px that "lost: link cut" takes

/** On which side of a point a short line of text meets no node and stays on the stage. */
export function reasonSide(at: Point, ring: Ring): Side {
  const free = (from: number, to: number) =>
    from >= 0 && to <= ring.width && !ring.points.some((n) => n.x + ring.r > from && n.x - ring.r < to && Math.abs(n.y - (at.y - 12)) < ring.r + 14);
  if (free(at.x + 6, at.x + REASON)) return "right";
  return free(at.x - REASON, at.x - 6) ? "left" : "none";
}

/** Which servers can form a quorum: the most servers, up, that all reach each other both ways. */
export function largestGroup(up: number[], reach: (a: number, b: number) => boolean): number[] {
  let best: number[] = [];
  for (let set = 1; set < 1 << up.length; set++) {
    const group = up.filter((_, i) => set & (1 << i));
    if (group.length <= best.length) continue;
    if (group.every((a) => group.every((b) => a === b || (reach(a, b) && reach(b, a))))) best = group;
  }
  return best;
}

/** The groups of servers, up, between which nothing passes in either direction; each in the order of their numbers, the largest first. */
export function parted(up: number[], reach: (a: number, b: number) => boolean): number[][] {
  const groups: number[][] = [];
  for (const server of up) {
    const met = groups.filter((g) => g.some((other) => reach(server, other) || reach(other, server)));
    for (const g of met) groups.splice(groups.indexOf(g), 1);
    groups.push([server, ...met.flat()].sort((a, b) => a - b));
  }
  return groups.sort((a, b) => b.length - a.length || (a[0] ?? 0) - (b[0] ?? 0));
}

const WALL_END = 36; // px that a wall goes beyond the links it cuts

/** The wall between two groups of points, if a straight one keeps at least r from every point; else null. */
export function wall(one: Point[], other: Point[], r: number): { from: Point; to: Point } | null {
  const middle = (points: Point[]): Point => ({ x: points.reduce((sum, p) => sum + p.x, 0) / points.length, y: points.reduce((sum, p) => sum + p.y, 0) / points.length });
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
