import type { Store } from "./store.js";

const REGROW_MS = 180; // in which a reset timer grows back
const FLASH_MS = 240; // for which a ring goes out when a timer is reset
const CLOSE = 0.15; // of the time left: the arc is thick

interface Arc {
  server: number;
  element: SVGCircleElement;
  flash: SVGElement | null;
  shown: number; // the fraction that is drawn
  from: number; // the fraction from which it grows back
  since: number; // performance.now() of the last reset
  flashing: boolean;
  stopped: boolean; // its server is paused
}

/** The election timers, moved per frame: length = time left ÷ the longest possible timeout, so that arcs compare across servers (LOOK §4). */
export class ArcLayer {
  private arcs: Arc[] = [];

  constructor(private svg: SVGSVGElement, private store: Store) {}

  /** Looks the arcs up again after the stage was drawn. */
  find(): void {
    this.arcs = [...this.svg.querySelectorAll<SVGCircleElement>(".timer-arc")].map((element) => {
      const server = Number(element.dataset["server"]);
      const known = this.arcs.find((a) => a.element === element);
      return known ?? { server, element, flash: element.parentElement?.querySelector<SVGElement>(".flash") ?? null, shown: 0, from: 0, since: 0, flashing: false, stopped: false };
    });
  }

  /** Draws all arcs; false when none of them will move by itself. */
  frame(now: number, at: number, reduced: boolean): boolean {
    let moving = false;
    for (const arc of this.arcs) {
      const view = this.store.server(arc.server);
      const r = view?.report;
      const t = r?.timer;
      if (!r || !t) continue;
      const stopped = view.machine?.state === "paused";
      const left = Math.max(0, t.timeout - t.elapsed - (stopped ? 0 : Math.max(0, now - r.at))) / t.longest;
      if (left > arc.shown + 0.08) {
        if (arc.since === 0 || at - arc.since > REGROW_MS) this.reset(arc, at, reduced);
      }
      this.flash(arc, at);
      const grown = arc.since === 0 ? 1 : (at - arc.since) / REGROW_MS;
      let value = grown < 1 && !reduced ? arc.from + (left - arc.from) * grown : left;
      if (reduced) value = Math.ceil(value * 10) / 10;
      if (grown < 1 || (left > 0 && !stopped && this.store.rate > 0)) moving = true;
      if (Math.abs(value - arc.shown) < 0.0005 && stopped === arc.stopped) continue;
      arc.shown = value;
      arc.stopped = stopped;
      arc.element.style.strokeDasharray = stopped ? dashed(value) : `${value.toFixed(4)} 2`;
      arc.element.classList.toggle("empty", value <= 0);
      arc.element.classList.toggle("close", left * t.longest < CLOSE * t.timeout);
    }
    return moving;
  }

  private reset(arc: Arc, at: number, reduced: boolean): void {
    arc.from = arc.shown;
    arc.since = at;
    arc.flashing = !reduced && this.store.rate <= 0.3; // in real time a ring twenty times a second would say nothing
  }

  /** The ring of a reset is moved with the arcs: an animation of its own would have every frame painted. */
  private flash(arc: Arc, at: number): void {
    if (!arc.flashing || !arc.flash) return;
    const gone = Math.min(1, (at - arc.since) / FLASH_MS);
    arc.flashing = gone < 1;
    arc.flash.style.opacity = arc.flashing ? String(0.5 * (1 - gone)) : "";
    arc.flash.style.transform = arc.flashing ? `scale(${(1 + 0.16 * gone).toFixed(3)})` : "";
  }
}

const DASH = 0.02; // of the circle, and as much between two

/** The dashes of an arc that stands still. */
function dashed(length: number): string {
  const starts = Array.from({ length: Math.ceil(length / (2 * DASH)) }, (_, i) => 2 * DASH * i);
  return [...starts.map((at) => `${Math.min(DASH, length - at).toFixed(4)} ${DASH}`), "0 2"].join(" ");
}
