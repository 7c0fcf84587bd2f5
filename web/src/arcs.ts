import { play } from "./motion.js";
import type { Store } from "./store.js";

const REGROW_MS = 180; // in which a reset timer grows back
const CLOSE = 0.15; // of the time left: the arc is thick

/** The election timers, moved per frame: length = time left ÷ the longest possible timeout, so that arcs compare across servers (LOOK §4). */
export class ArcLayer {
  private arcs: { server: number; element: SVGCircleElement; flash: Element | null; shown: number; from: number; since: number }[] = [];

  constructor(private svg: SVGSVGElement, private store: Store) {}

  /** Looks the arcs up again after the stage was drawn. */
  find(): void {
    this.arcs = [...this.svg.querySelectorAll<SVGCircleElement>(".timer-arc")].map((element) => {
      const server = Number(element.dataset["server"]);
      const known = this.arcs.find((a) => a.element === element);
      return known ?? { server, element, flash: element.parentElement?.querySelector(".flash") ?? null, shown: 0, from: 0, since: 0 };
    });
  }

  /** Draws all arcs; false when none of them will move by itself. */
  frame(now: number, at: number, reduced: boolean): boolean {
    let moving = false;
    for (const arc of this.arcs) {
      const r = this.store.server(arc.server)?.report;
      const t = r?.timer;
      if (!r || !t) continue;
      const left = Math.max(0, t.timeout - t.elapsed - Math.max(0, now - r.at)) / t.longest;
      if (left > arc.shown + 0.08) {
        if (arc.since === 0 || at - arc.since > REGROW_MS) this.reset(arc, at);
      }
      const grown = arc.since === 0 ? 1 : (at - arc.since) / REGROW_MS;
      let value = grown < 1 && !reduced ? arc.from + (left - arc.from) * grown : left;
      if (reduced) value = Math.ceil(value * 10) / 10;
      if (grown < 1 || (left > 0 && this.store.rate > 0)) moving = true;
      if (Math.abs(value - arc.shown) < 0.0005) continue;
      arc.shown = value;
      arc.element.style.strokeDasharray = `${value.toFixed(4)} 2`;
      arc.element.classList.toggle("empty", value <= 0);
      arc.element.classList.toggle("close", left * t.longest < CLOSE * t.timeout);
    }
    return moving;
  }

  private reset(arc: { element: Element; flash: Element | null; shown: number; from: number; since: number }, at: number): void {
    arc.from = arc.shown;
    arc.since = at;
    if (this.store.rate > 0.3) return; // in real time a ring twenty times a second would say nothing
    play(arc.flash, [{ opacity: 0.5, transform: "scale(1)" }, { opacity: 0, transform: "scale(1.16)" }], 240);
  }
}
