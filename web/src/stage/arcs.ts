import { cursor } from "../state/cursor.js";
import type { Point, Ring } from "./layout.js";
import { timerRadius } from "./node.js";
import type { Store } from "../state/store.js";
import type { Inks } from "../view/theme.js";

const REGROW_MS = 180; // in which a reset timer grows back
const FLASH_MS = 240; // for which a ring expands when a timer is reset
const CLOSE = 0.15; // of the time left: the arc is thick
const DASH = 0.125; // of the radius: the dashes of a stopped timer, and their gaps

interface Arc {
  left: number; // the fraction left at the last frame
  shown: number; // the fraction that is drawn
  from: number; // the fraction from which it grows back
  since: number; // performance.now() of the last reset
  flashing: boolean;
  radius: number;
  width: number;
  stopped: boolean; // its server is paused
}

/**
 * The election timers: length = time left ÷ the longest possible timeout, so that arcs compare across
 * servers.
 */
export class ArcLayer {
  private arcs = new Map<number, Arc>(); // by server

  constructor(private store: Store, private inks: Inks) {}

  /** Moves all arcs; false if none will move by itself. */
  frame(now: number, at: number, reduced: boolean, ring: Ring): boolean {
    let moving = false;
    for (const view of this.store.servers) {
      const { server, seat, report: r } = view;
      const t = r?.timer;
      if (seat !== "connected" || !r || !t) {
        this.arcs.delete(server);
        continue;
      }
      const arc = this.arcs.get(server) ?? { left: 0, shown: 0, from: 0, since: 0, flashing: false, radius: 0, width: 4,
        stopped: false };
      this.arcs.set(server, arc);
      const stopped = view.machine?.state === "paused";
      const left = Math.max(0, t.timeout - t.elapsed - (stopped ? 0 : Math.max(0, now - r.at))) / t.longest;
      if (left > arc.left + 0.08 && (arc.since === 0 || at - arc.since > REGROW_MS)) this.reset(arc, at, reduced);
      arc.left = left;
      const grown = arc.since === 0 ? 1 : (at - arc.since) / REGROW_MS;
      arc.flashing &&= at - arc.since < FLASH_MS;
      arc.shown = grown < 1 && !reduced ? arc.from + (left - arc.from) * grown : reduced ? Math.ceil(left * 10) / 10
        : left;
      arc.radius = timerRadius(view, ring.r);
      arc.width = left * t.longest < CLOSE * t.timeout ? 6 : 4;
      arc.stopped = stopped;
      if (grown < 1 || arc.flashing || (left > 0 && !stopped && this.store.rate > 0)) moving = true;
    }
    for (const server of this.arcs.keys()) if (!this.store.server(server)) this.arcs.delete(server);
    return moving;
  }

  private reset(arc: Arc, at: number, reduced: boolean): void {
    arc.from = arc.shown;
    arc.since = at;
    arc.flashing = !reduced && this.store.rate <= 0.3; // in real time a ring twenty times a second would say nothing
  }

  /** `aside`: how pale the arcs are that the cursor does not point at. */
  paint(pen: CanvasRenderingContext2D, ring: Ring, at: number, aside: number): void {
    const { servers } = cursor(this.store);
    pen.strokeStyle = this.inks.of("--arc");
    for (const [server, arc] of this.arcs) {
      const p = ring.points[server - 1];
      if (!p) continue;
      if (arc.flashing) flash(pen, p, ring.r + 9, (at - arc.since) / FLASH_MS);
      if (arc.shown <= 0) continue;
      pen.globalAlpha = servers.includes(server) ? 1 : aside;
      pen.lineWidth = arc.width;
      pen.lineCap = arc.stopped ? "butt" : "round";
      pen.setLineDash(arc.stopped ? [arc.radius * DASH, arc.radius * DASH] : []);
      pen.beginPath();
      pen.arc(p.x, p.y, arc.radius, -Math.PI / 2, (2 * arc.shown - 0.5) * Math.PI);
      pen.stroke();
      pen.setLineDash([]);
      pen.globalAlpha = 1;
    }
  }
}

/** The ring that expands when a timer is reset. */
function flash(pen: CanvasRenderingContext2D, { x, y }: Point, r: number, gone: number): void {
  pen.globalAlpha = 0.5 * (1 - gone);
  pen.lineWidth = 2;
  pen.beginPath();
  pen.arc(x, y, r * (1 + 0.16 * gone), 0, 2 * Math.PI);
  pen.stroke();
  pen.globalAlpha = 1;
}
