import { html, nothing, type PropertyValues, type ReactiveElement, type TemplateResult } from "lit";
import { loadCore, missedBy, type Core } from "./core.js";
import { spotlight } from "../state/cursor.js";
import { RaftElement } from "../view/element.js";
import type { StoryLine } from "../model.js";
import { sectionLink } from "../view/paper.js";
import { readOn } from "./reading.js";
import { store } from "../state/store.js";
import { splitHeading, storyRows, tell, type StoryRow } from "./story.js";
import { seconds } from "../view/words.js";

/** What the cluster stands at, in words: as the story's heading, as a sentence on small screens, and spoken. */

const SAY_MS = 1_500; // the live region speaks at most this often

/** The event at which the cluster stands, why it happened, and the way to those before and after it. */
export class RaftHeadline extends RaftElement {
  protected readonly topics = ["story", "view", "room", "clock", "connection", "servers"] as const;
  protected override readonly inShell = true;
  protected override readonly calm = 500; // of many events in a row nobody reads more quickly

  private stood = false; // the clock, when this was last drawn
  private stoodAt: number | null = null; // the event at which it stood

  protected override slice(): unknown {
    return [store.headline?.id, store.story.length, store.story.at(-1)?.id, store.told === Infinity, store.paused,
      store.stepWords, store.headline ? null : idleWords().title];
  }

  /** Reading an event ends when the clock runs on. */
  protected override willUpdate(changed: PropertyValues): void {
    super.willUpdate(changed);
    if (this.stood && !store.paused && store.can.seek && store.view.reading !== null) store.show({ reading: null });
    this.stood = store.paused;
  }

  protected override updated(): void {
    const at = store.paused ? (store.headline?.id ?? null) : null;
    if (at !== null && at !== this.stoodAt && this.stoodAt !== null) spotlight();
    this.stoodAt = at;
  }

  override render(): TemplateResult {
    return html`<div class="headline">${store.headline ? this.event(store.headline) : this.idle()}</div>${this.why()}`;
  }

  private idle(): TemplateResult {
    const { title, why } = idleWords();
    return html`<h2>${title || "A room for real servers"}</h2><p class="prose">${why}</p>`;
  }

  /** The event as it is known by now, and its place in the whole story. */
  private event(line: StoryLine): TemplateResult {
    const told = (rows: StoryRow[]) => rows.findIndex((r) => r.lines.some((l) => l.id === line.id));
    const rows = storyRows(store.story, false);
    const place = told(rows);
    const known = storyRows(tell(store.story, { teller: null, about: null, told: store.told }).past, false);
    const { title, rest } = splitHeading((known[told(known)] ?? rows[place])?.text ?? line.text);
    const newest = store.view.reading === null && store.told === Infinity;
    const { opening } = store.view;
    return html`
      <p class="caption">${seconds(line.at)} s${line.section ? html` · ${sectionLink(line.section)}` : nothing}</p>
      <h2>${opening ?? title}</h2>
      ${rest || line.why ? html`<p class="prose">${opening ? `${title}. `
        : ""}${rest} ${line.why}${doubt(line, this)}</p>` : nothing}
      <div class="buttons">
        <button ?disabled=${place < 0 || place >= rows.length - 1} @click=${() => readOn(-1)}>Previous</button>
        <button ?disabled=${newest} @click=${() => readOn(1)}>Next</button>
        <span class="caption">${newest ? "the newest event" : place < 0 ? nothing
          : `event ${rows.length - place} of ${rows.length}`}</span>
      </div>
      ${store.stepWords && store.stepWords !== line.text ? html`<p class="step-words">${stepSentence()}</p>`
        : nothing}`;
  }

  /** The question, loaded once there is something to ask about. */
  private why(): TemplateResult | typeof nothing {
    if (store.story.length === 0) return nothing;
    import("./raft-why.js").catch(() => {}); // without a connection the question is not there
    return html`<raft-why></raft-why>`;
  }
}

let core: Core | null = null; // loaded once a rule is off

/**
 * A reason speaks of Raft as it is. Where a rule that it rests on is off, that is said beside it; the view that says it
 * is drawn again once that is known.
 */
export function doubt(line: StoryLine, view: ReactiveElement): string {
  const off = store.lab?.modified ?? [];
  if (off.length === 0 || line.server === 0) return "";
  if (!core) {
    const learnt = (loaded: Core) => {
      core = loaded;
      view.requestUpdate();
    };
    loadCore().then(learnt, () => {}); // without a connection the strip across the page still says what is off
    return "";
  }
  const titles = missedBy(core, line, off).map((r) => `“${r.title}”`);
  return titles.length === 0 ? ""
    : ` But ${titles.join(" and ")} ${titles.length > 1 ? "are" : "is"} off: in this run it need not be so.`;
}

/**
 * What is said before the first known event: of a cluster that stands, or that had a leader already. No
 * title: it has not begun.
 */
export function idleWords(): { title: string; why: string } {
  const { leader } = store;
  const waits = "Every server waits for a leader, each for a time drawn at random. The arc around a server shows how "
    + "much of it is left.";
  const room = "Every tab of this room runs one Raft server. They talk over the network you see.";
  const outside = store.connection.state === "lost" || store.connection.state === "refused";
  if (outside) return { title: `This tab is ${store.room ? "no longer" : "not"} in the room`,
    why: "It keeps trying, and shows the room as soon as it is in." };
  if (!store.room?.started) return { title: "", why: store.can.seats ? room : waits };
  if (leader) {
    const why = `It was elected before this page began to watch. ${store.can.seats ? room : ""}`;
    return { title: `S${leader.server} leads term ${leader.report?.term}`, why };
  }
  if (store.servers.length > 0 && store.servers.every((s) => s.seat !== "connected"))
    return { title: "No server runs", why: "No timer runs and nothing happens until a server is back." };
  if (store.paused) return { title: "The clock is paused. Press Play", why: waits };
  return { title: "The clock runs. Whose timer ends first?", why: waits };
}

/** The current sentence, for screens without room for the story. A tap opens it. */
export class RaftCaption extends RaftElement {
  protected readonly topics = ["story", "view", "room", "clock", "connection", "servers"] as const;
  protected override readonly calm = 120;

  protected override slice(): unknown {
    const idle = store.headline ? null : idleWords().title;
    return [store.headline?.id, store.story.length, store.stepWords, store.boot, idle];
  }

  override render(): TemplateResult {
    const line = store.headline;
    const row = storyRows(tell(store.story, { teller: null, about: null, told: store.told }).past, false)
      .find((r) => r.lines.some((l) => l.id === line?.id));
    const split = line ? splitHeading(row?.text ?? line.text) : null;
    const { boot } = store;
    const loading = boot.state === "loading" ? `Loading the cluster… ${Math.round(boot.fraction * 100)} %`
      : "Loading the cluster…";
    const begins = boot.state === "loading" || !store.can.seats ? loading : "Waiting for the other tabs";
    const idle = idleWords();
    const title = split?.title ?? (idle.title || begins);
    const why = store.stepWords && store.stepWords !== line?.text ? stepSentence() : split
      ? `${split.rest} ${line?.why ?? ""}` : idle.why;
    return html`<button class="caption-strip"
      @click=${() => store.show({ panel: store.view.panel === "story" ? "none" : "story" })}><span
      class="caption-words"><b>${store.view.opening ?? title}</b><span>${why}</span></span></button>`;
  }
}

/** What a step led to, beside the event of the heading. */
const stepSentence = (): string => (store.stepWords.startsWith("Before this:") ? store.stepWords
  : `Now: ${store.stepWords}`);

/**
 * Speaks to those who do not see the stage, not more often than can be listened to: what a step led to, else the event
 * at which the cluster stands.
 */
export class RaftLiveRegion extends RaftElement {
  protected readonly topics = ["story", "clock", "view"] as const;
  protected override readonly calm = SAY_MS;

  override connectedCallback(): void {
    super.connectedCallback();
    this.setAttribute("role", "status");
    this.setAttribute("aria-live", "polite");
    this.className = "heard-only";
  }

  protected override slice(): unknown {
    return this.words();
  }

  override render(): TemplateResult {
    return html`${this.words()}`;
  }

  private words(): string {
    return store.stepWords || (store.headline?.text ?? "");
  }
}

customElements.define("raft-headline", RaftHeadline);
customElements.define("raft-caption", RaftCaption);
customElements.define("raft-live-region", RaftLiveRegion);
