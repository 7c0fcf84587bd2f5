import { LitElement } from "lit";
import { store, type Topic } from "../state/store.js";
import "./translated.js";

// of a frame, after which the views that are still to be drawn wait for the next one: what a large one changes has yet
// to be laid out and painted
const SHARE_MS = 0.2;

const LATE_MS = 100; // that a view waits at most, as far as frames come

const FIRST_MS = 8; // of a task, after which the views that are still to be drawn for the first time wait for a frame

/** What is to be drawn, and since when; the longest waiting first. */
const due = new Map<RaftElement, number>();
let frame = 0;

/** A batch changes most of what is seen: drawn all at once it would make one frame in five late. */
function drawDue(): void {
  frame = 0;
  const begun = performance.now();
  for (const [view, since] of due) {
    const at = performance.now();
    if (at - begun > SHARE_MS && at - since < LATE_MS) break;
    due.delete(view);
    view.drawIfDifferent();
  }
  if (due.size > 0) frame = requestAnimationFrame(drawDue);
}

/** Tells the size of an element, now and whenever it changes, until it is `gone`. */
export function sized(element: Element, gone: AbortSignal, tell: (size: DOMRectReadOnly) => void): void {
  const observer = new ResizeObserver(([entry]) => entry && tell(entry.contentRect));
  observer.observe(element);
  gone.addEventListener("abort", () => observer.disconnect());
}

let begun = 0; // when this task drew its first view for the first time; 0: it did not yet

/**
 * Whether this task has drawn for so long that it would hold up a click: a page that opens has all its views to draw.
 */
function isLong(): boolean {
  if (begun !== 0) return performance.now() - begun > FIRST_MS;
  begun = performance.now();
  setTimeout(() => (begun = 0));
  return false;
}

/**
 * The base of all views: drawn in the page's own tree (one style sheet, src/page.css), again whenever one of its
 * topics changed in the store. What only informs need not be drawn sixty times a second: a view may name the least
 * time between two drawings. A person's own act shows at once. Nor need it be drawn when nothing that it shows is
 * different: a view may name its slice of the store. A hidden page draws nothing; what changed meanwhile is drawn
 * once when it is seen again.
 */
export abstract class RaftElement extends LitElement {
  protected abstract readonly topics: readonly Topic[];
  protected readonly calm: number = 0; // ms
  protected readonly inShell: boolean = false; // index.html shows it already: it must not be seen to go and come back

  /**
   * What the view shows of the store, if that is less than its topics; it is drawn anew only if this is different, or
   * if a person chose to see something else.
   */
  protected slice(): unknown {
    return null;
  }

  /** Begins what the view does while it stands in the page; each of it ends when it is `gone` from there. */
  protected attached(_gone: AbortSignal): void {}

  protected standing = new AbortController(); // until the view goes
  private timer: ReturnType<typeof setTimeout> | undefined;
  private drawnAt = 0;
  private missed = false;
  private drawn = ""; // the slice that is drawn
  private readonly seen = () => {
    if (this.missed && !document.hidden) this.draw();
  };

  protected override createRenderRoot(): HTMLElement {
    this.replaceChildren(); // the shell in index.html stood here until now
    return this;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.standing = new AbortController();
    const gone = this.standing.signal;
    document.addEventListener("visibilitychange", this.seen, { signal: gone });
    store.subscribe((changed) => {
      if (this.topics.some((t) => changed.has(t)))
        this.drawSoon(changed.has("view") || changed.has("room") || changed.has("moment"));
    }, gone);
    this.attached(gone);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.standing.abort();
    clearTimeout(this.timer);
    due.delete(this);
  }

  protected override scheduleUpdate(): void | Promise<unknown> {
    if (this.hasUpdated || this.inShell || document.hidden || !isLong()) return super.scheduleUpdate();
    this.drawInTurn();
  }

  private drawSoon(now: boolean): void {
    this.missed = document.hidden;
    if (this.missed || (!now && due.has(this))) return;
    const wait = this.drawnAt + this.calm - performance.now();
    clearTimeout(this.timer);
    if (now && this.hasUpdated) this.draw();
    // also a view that still waits to be drawn for the first time: to ask Lit once more would do nothing
    else if (wait <= 0 || now) this.drawInTurn();
    else this.timer = setTimeout(() => this.drawInTurn(), wait);
  }

  private drawInTurn(): void {
    if (!due.has(this)) due.set(this, performance.now());
    if (frame === 0) frame = requestAnimationFrame(drawDue);
  }

  /** Called when it is this view's turn. */
  drawIfDifferent(): void {
    const slice = JSON.stringify(this.slice());
    if (slice !== "null" && slice === this.drawn) return;
    this.draw(slice);
    this.performUpdate(); // so that its time counts
  }

  private draw(slice = JSON.stringify(this.slice())): void {
    due.delete(this);
    this.missed = false;
    this.drawn = slice;
    this.drawnAt = performance.now();
    this.requestUpdate();
  }
}
