import { ArcLayer } from "./arcs.js";
import { cursor } from "../state/cursor.js";
import { FlightLayer } from "./flights.js";
import type { Point, Ring } from "./layout.js";
import { Marks } from "./marks.js";
import type { Batch } from "../model.js";
import { reducedMotion } from "../view/motion.js";
import type { Store } from "../state/store.js";
import { Inks, themeNow } from "../view/theme.js";

// The time between two frames while only routine things move: since that is most of the time, it must not
// take most of a processor.
const CALM_MS = 24; // heartbeats and replies
const ARCS_MS = 50; // timers only

const GAP_MS = 500; // between two frames; flights that ended in a longer gap are not replayed
const TOUCH_PX = 22; // within which a finger meets a message
// all but the cursor's servers, while a step's event stands out (cursor.ts, story/story.css)
const ASIDE = { alpha: 0.55, ms: 200 };

/**
 * What moves on the stage: messages and timers. They are painted on one canvas, which lies between the links and the
 * nodes: moved as elements, each would have the browser style, lay out and paint the whole picture in every frame, at
 * three times the cost. One loop moves everything; it ends when nothing moves any more.
 */
export class Scene {
  private readonly canvas: HTMLCanvasElement;
  private readonly pen: CanvasRenderingContext2D | null;
  private readonly inks: Inks;
  private readonly looks: Marks;
  private readonly flights: FlightLayer;
  private readonly arcs: ArcLayer;
  private ring: Ring | null = null;
  private dense = 1; // device pixels in a px
  private looked = ""; // theme, density and size for which the looks were painted
  private frame = 0;
  private lastFrame = 0;
  private alpha = 1; // of all that the cursor does not point at
  private slow: ReturnType<typeof setTimeout> | undefined;
  private readonly typeHere = () => this.repaint();
  private readonly spot = new MutationObserver(() => this.run());

  /** `picture`: the stage's, with a canvas of class "flights" and a place for what is held. */
  constructor(private picture: HTMLElement, private store: Store) {
    const [canvas, grips] = [picture.querySelector("canvas"), picture.querySelector<HTMLElement>(".held-messages")];
    if (!canvas || !grips) throw new Error("the stage's picture needs a canvas and a place for held messages");
    this.canvas = canvas;
    this.pen = canvas.getContext("2d");
    this.inks = new Inks(canvas);
    this.looks = new Marks(this.inks);
    this.flights = new FlightLayer(picture, canvas, grips, store, this.looks, this.inks);
    this.arcs = new ArcLayer(store, this.inks);
    document.fonts.addEventListener("loadingdone", this.typeHere);
    this.spot.observe(document.documentElement, { attributeFilter: ["data-spot"] });
    picture.addEventListener("pointermove", (e) => this.pointAt(this.over(e)));
    picture.addEventListener("pointerleave", () => this.pointAt(null));
    picture.addEventListener("click", (e) => this.pick(e), true);
  }

  stop(): void {
    document.fonts.removeEventListener("loadingdone", this.typeHere);
    this.spot.disconnect();
    cancelAnimationFrame(this.frame);
    clearTimeout(this.slow);
  }

  layOut(ring: Ring): void {
    this.ring = ring;
    this.dense = devicePixelRatio || 1;
    const [width, height] = [Math.round(ring.width * this.dense), Math.round(ring.height * this.dense)];
    if (this.canvas.width !== width || this.canvas.height !== height) Object.assign(this.canvas, { width, height });
    const looked = `${themeNow()} ${this.dense} ${width} ${height}`;
    if (looked !== this.looked) this.repaint();
    this.looked = looked;
    this.flights.layOut(ring);
    this.run();
  }

  add(batch: Batch): void {
    const begun = this.flights.add(batch);
    if (begun || this.slow === undefined) this.run(); // else the next frame is due soon
  }

  /** The page is visible again. */
  back(): void {
    this.flights.takeUp();
    this.run();
  }

  /** See FlightLayer.carry. `to`: as pointer events say it. */
  carry(seq: number, to: { clientX: number; clientY: number } | null): void {
    this.flights.carry(seq, to && this.point(to));
    this.run();
  }

  private repaint(): void {
    this.inks.forget();
    this.looks.clear(this.dense);
    this.flights.repaint();
    this.run();
  }

  private run(): void {
    if (this.frame === 0) this.frame = requestAnimationFrame((at) => this.step(at));
  }

  private runAfter(ms: number): void {
    clearTimeout(this.slow);
    this.slow = setTimeout(() => {
      this.slow = undefined;
      this.run();
    }, ms);
  }

  private step(at: number): void {
    this.frame = 0;
    const { ring } = this;
    if (!ring) return;
    const gap = at - this.lastFrame;
    this.lastFrame = at;
    const now = this.store.now(at);
    const reduced = reducedMotion();
    const flights = this.flights.frame(now, at, gap > GAP_MS, reduced);
    const arcs = this.arcs.frame(now, at, reduced, ring);
    const turning = this.stepAside(gap);
    this.paint(ring, at);
    if (flights === "lively" || turning) this.run();
    else if (flights === "calm") this.runAfter(CALM_MS);
    else if (arcs) this.runAfter(ARCS_MS);
  }

  /** For a moment everything fades but what the cursor points at; true while it fades or returns. */
  private stepAside(gap: number): boolean {
    const aside = document.documentElement.hasAttribute("data-spot") && cursor(this.store).servers.length > 0;
    const by = (1 - ASIDE.alpha) * (gap / ASIDE.ms);
    this.alpha = aside ? Math.max(ASIDE.alpha, this.alpha - by) : Math.min(1, this.alpha + by);
    return this.alpha !== (aside ? ASIDE.alpha : 1);
  }

  private paint(ring: Ring, at: number): void {
    const { pen } = this;
    if (!pen) return;
    if ((devicePixelRatio || 1) !== this.dense) this.layOut(ring);
    pen.setTransform(this.dense, 0, 0, this.dense, 0, 0);
    pen.clearRect(0, 0, ring.width, ring.height);
    this.flights.paint(pen, this.dense, at);
    if (this.alpha < 1) fade(pen, this.alpha, ring);
    this.arcs.paint(pen, ring, at, this.alpha);
  }

  // --- the pointer

  private pointAt(p: Point | null): void {
    this.flights.pointAt(p);
    this.run();
  }

  /** A click on a message is not one on the link below it. */
  private pick(e: MouseEvent): void {
    const at = this.over(e);
    const touch = (e as PointerEvent).pointerType === "touch";
    const flight = at && this.flights.nearest(at, touch ? TOUCH_PX : undefined);
    if (!flight) return;
    e.stopPropagation();
    this.store.select({ kind: "flight", seq: flight.seq });
  }

  /** Where the pointer is; null over nodes, which lie above the messages, and for a click that the keyboard made. */
  private over(e: MouseEvent): Point | null {
    if (e.detail === 0 && e.type === "click") return null;
    return (e.target as Element).closest(".node, .held-message") ? null : this.point(e);
  }

  private point({ clientX, clientY }: { clientX: number; clientY: number }): Point {
    const box = this.picture.getBoundingClientRect();
    return { x: clientX - box.left, y: clientY - box.top };
  }
}

/** Makes everything painted so far paler. */
function fade(pen: CanvasRenderingContext2D, alpha: number, { width, height }: Ring): void {
  pen.save();
  pen.globalCompositeOperation = "destination-in";
  pen.globalAlpha = alpha;
  pen.fillRect(0, 0, width, height);
  pen.restore();
}
