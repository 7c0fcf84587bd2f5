import { html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { loadCore, missedBy, type Core } from "./core.js";
import { cursor, spotlight } from "./cursor.js";
import { RaftElement } from "./element.js";
import { keysOf } from "./keys.js";
import { menu } from "./menu.js";
import type { StoryLine } from "./model.js";
import { readOn } from "./reading.js";
import { store } from "./store.js";
import { splitHeading, storyRows, SUBJECTS, tell, type StoryRow, type Subject } from "./story.js";
import { seconds } from "./words.js";

const SAY_MS = 1_500; // the live region speaks at most this often

const LINES = 16; // that stand in the list at first: each new event moves all of them

const MORE = 30; // that come as often as one goes on to the list's end

const PEOPLE = "Network, people"; // who tells what no server does

/** What happened, in plain words: the event at which the cluster stands as a heading, then all of them, each with its rule, its reason and the lines of the core that made it. */
export class RaftStory extends RaftElement {
  protected readonly topics = ["story", "view", "room", "clock"] as const;
  protected override readonly inShell = true;
  protected override readonly calm = 500; // all of it moves with every event: of many in a row, nobody reads more quickly

  private stop: number | null = null; // the key of the row that the Tab key comes to; null: the newest row
  private stood = false; // the clock, when this was last drawn
  private stoodAt: number | null = null; // the event at which it stood
  private core: Core | null = null; // loaded once a rule is off
  private lines = LINES; // that stand in the list, the newest
  private readonly ends = new IntersectionObserver((seen) => seen.forEach((end) => end.isIntersecting && this.comeTo(end.target)), { rootMargin: "200px" });

  protected override slice(): unknown {
    const { past, later } = this.told();
    return [past.length, past.at(-1)?.id, later.length, later[0]?.id, store.headline?.id, store.paused, store.stepWords];
  }

  /** What was read while the clock stood is over when it runs. */
  protected override willUpdate(changed: PropertyValues): void {
    super.willUpdate(changed);
    if (this.stood && !store.paused && store.lab && store.view.reading !== null) store.show({ reading: null });
    this.stood = store.paused;
  }

  protected override updated(): void {
    const at = store.paused ? (store.headline?.id ?? null) : null;
    if (at !== null && at !== this.stoodAt && this.stoodAt !== null) spotlight();
    this.stoodAt = at;
    for (const end of this.querySelectorAll(".story-begin, .story-earlier")) this.ends.observe(end);
  }

  /** One who comes to the list's end finds it longer; one who is back at its beginning needs no more than at first. */
  private comeTo(end: Element): void {
    if (end.matches(".story-earlier")) this.goOn(MORE);
    else if (this.lines > LINES + 3 * MORE) this.lines = LINES;
  }

  private goOn(lines: number): void {
    this.lines += lines;
    this.requestUpdate();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.ends.disconnect();
  }

  private told(): ReturnType<typeof tell> {
    const { teller, about } = store.view;
    return tell(store.story, { teller, about, told: store.told });
  }

  override render(): TemplateResult {
    const { everything, later: showLater } = store.view;
    const { past, later } = this.told();
    const rows = storyRows(past, everything);
    const ahead = storyRows(later, everything);
    const coming = showLater ? ahead : [];
    const at = cursor(store).lines;
    const stop = [...coming, ...rows].find((r) => r.key === this.stop) ?? rows[0];
    const read = rows.findLastIndex((r) => r === stop || r.lines.some((l) => l.id === store.headline?.id || l.id === store.view.open));
    const shown = rows.slice(0, Math.max(this.lines, read + 2));
    return html`
      ${this.headline(storyRows(tell(store.story, { teller: null, about: null, told: store.told }).past, false), storyRows(store.story, false))}
      ${this.why()}
      <div class="story-list">
        <div class="row-between story-begin"><h3>What happened</h3>${this.filter()}</div>
        ${ahead.length > 0 ? this.laterButton(ahead.length) : nothing}
        ${rows.length + coming.length === 0 ? html`<p class="caption">${this.empty()}</p>` : nothing}
        <ol aria-describedby="story-keys" @keydown=${this.walk} @pointerleave=${() => this.point(null)}>
          ${repeat(coming, (r) => r.key, (r) => this.line(r, r === stop, at, true))}
          ${coming.length > 0 ? html`<li class="story-now" aria-hidden="true"><span>now</span></li>` : nothing}
          ${repeat(shown, (r) => r.key, (r) => this.line(r, r === stop, at, false))}
          ${shown.length < rows.length ? html`<li class="story-earlier"><button class="small" @click=${() => this.goOn(MORE)}>${rows.length - shown.length} earlier events</button></li>` : nothing}
        </ol>
        <p class="heard-only" id="story-keys">The arrow keys go through the events, Home and End to the newest and the oldest; Enter opens one${store.lab ? ", G goes to its moment" : ""}.</p>
      </div>
    `;
  }

  /** The event as it is known by now, and its place in the whole story. */
  private headline(known: StoryRow[], rows: StoryRow[]): TemplateResult {
    const line = store.headline;
    if (!line) {
      const text = store.room?.started ? "The clock runs. Whose timer ends first?" : "A room for real servers";
      const why = store.mode === "lab" ? "Every server waits for a leader, each for a time drawn at random. The arc around it is what is left." : "Every tab of this room runs one Raft server. They talk over the network you see.";
      return html`<div class="headline"><h2>${text}</h2><p class="prose">${why}</p></div>`;
    }
    const place = rows.findIndex((r) => r.lines.some((l) => l.id === line.id));
    const { title, rest } = splitHeading((known.find((r) => r.lines.some((l) => l.id === line.id)) ?? rows[place])?.text ?? line.text);
    const newest = store.view.reading === null && (store.told === Infinity || store.lab === null);
    const { opening } = store.view;
    return html`<div class="headline">
      <p class="caption">${seconds(line.at)} s${line.section ? html` · ${line.section}` : nothing}</p>
      <h2>${opening ?? title}</h2>
      ${rest || line.why ? html`<p class="prose">${opening ? `${title}. ` : ""}${rest} ${line.why}${this.doubt(line)}</p>` : nothing}
      <div class="buttons">
        <button ?disabled=${place < 0 || place >= rows.length - 1} @click=${() => readOn(-1)}>Previous</button>
        <button ?disabled=${newest} @click=${() => readOn(1)}>Next</button>
        <span class="caption">${newest ? "the newest event" : place < 0 ? nothing : `event ${rows.length - place} of ${rows.length}`}</span>
      </div>
      ${store.stepWords && store.stepWords !== line.text ? html`<p class="step-words">${stepSentence()}</p>` : nothing}
    </div>`;
  }

  /** A reason speaks of Raft as it is. Where a rule that it rests on is off, that is said beside it. */
  private doubt(line: StoryLine): string {
    const off = store.lab?.modified ?? [];
    if (off.length === 0 || line.server === 0) return "";
    if (!this.core) {
      void this.learn();
      return "";
    }
    const titles = missedBy(this.core, line, off).map((r) => `“${r.title}”`);
    return titles.length === 0 ? "" : ` But ${titles.join(" and ")} ${titles.length > 1 ? "are" : "is"} off: in this run it need not be so.`;
  }

  private async learn(): Promise<void> {
    try {
      this.core = await loadCore();
      this.requestUpdate();
    } catch {
      // Without a connection the strip across the page still says what is off.
    }
  }

  /** Loaded once there is something to ask about. */
  private why(): TemplateResult | typeof nothing {
    if (store.story.length === 0) return nothing;
    import("./raft-why.js").catch(() => {}); // without a connection the question is not there
    return html`<raft-why></raft-why>`;
  }

  /** The list can be narrowed to one server, and to one subject; and it can tell of everything. The button says so. */
  private filter(): TemplateResult {
    const { teller, about, everything } = store.view;
    const chosen = [teller === null ? "" : teller === 0 ? PEOPLE : `S${teller}`, about ? SUBJECTS[about] : "", everything ? "all" : ""].filter((w) => w);
    const number = (e: Event) => ((e.target as HTMLSelectElement).value === "" ? null : Number((e.target as HTMLSelectElement).value));
    return menu("story-filter", "Which events are told", "quiet small", chosen.length > 0 ? `Filter: ${chosen.join(" · ")}` : "Filter ▾", html`
      <select aria-label="Of which server" @change=${(e: Event) => store.show({ teller: number(e) })}>
        <option value="" ?selected=${teller === null}>All servers</option>
        ${store.servers.map((s) => html`<option value=${s.server} ?selected=${teller === s.server}>S${s.server}</option>`)}
        <option value="0" ?selected=${teller === 0}>${PEOPLE}</option>
      </select>
      <select aria-label="About what" @change=${(e: Event) => store.show({ about: ((e.target as HTMLSelectElement).value || null) as Subject | null })}>
        <option value="" ?selected=${about === null}>All subjects</option>
        ${Object.entries(SUBJECTS).map(([key, words]) => html`<option value=${key} ?selected=${about === key}>${words}</option>`)}
      </select>
      <label class="check"><input type="checkbox" .checked=${everything} @change=${(e: Event) => store.show({ everything: (e.target as HTMLInputElement).checked })} />Show all, heartbeats too</label>`);
  }

  private laterButton(events: number): TemplateResult {
    const { later } = store.view;
    return html`<button class="small story-later" aria-expanded=${later ? "true" : "false"} @click=${() => store.show({ later: !later })}>${later ? "Hide what comes later" : `${events === 1 ? "1 later event" : `${events} later events`}`}</button>`;
  }

  private empty(): string {
    const { teller, about } = store.view;
    return teller !== null || about !== null ? "Nothing of that kind yet." : "Nothing yet. The first timer that ends makes the first line.";
  }

  /** A hundred lines are one stop of the Tab key: the arrows go through them. */
  private readonly walk = keysOf("story", {
    next: () => this.focusLine((place) => place + 1),
    before: () => this.focusLine((place) => place - 1),
    first: () => this.focusLine(() => 0),
    last: () => {
      this.goOn(Infinity);
      void this.updateComplete.then(() => this.focusLine((_, lines) => lines - 1));
    },
    go: () => {
      const line = document.activeElement as HTMLElement | null;
      if (!line?.matches(".story-line")) return false;
      return store.seek(Number(line.dataset["at"]));
    },
  });

  private focusLine(to: (place: number, lines: number) => number): void | false {
    const lines = [...this.querySelectorAll<HTMLElement>(".story-line")];
    const line = lines[to(lines.indexOf(document.activeElement as HTMLElement), lines.length)];
    return line ? line.focus() : false;
  }

  private stopAt(row: StoryRow): void {
    if (this.stop === row.key) return;
    this.stop = row.key;
    this.requestUpdate();
  }

  private point(line: number | null): void {
    if (store.view.line !== line) store.show({ line });
  }

  private line(row: StoryRow, stop: boolean, at: number[], later: boolean): TemplateResult {
    const open = row.lines.some((l) => l.id === store.view.open);
    const current = row.lines.some((l) => l.id === store.headline?.id);
    const title = splitHeading(row.text).title;
    return html`<li class="${current ? "current" : ""} ${row.lines[0]?.weight ?? ""} ${later ? "later" : ""} ${row.lines.some((l) => at.includes(l.id)) ? "pointed" : ""}" @pointerenter=${() => this.point(row.id)}>
      <div class="story-row">
        ${store.lab ? html`<button class="when" tabindex="-1" title="Go to this moment" aria-label="Go to ${seconds(row.at)} s" @click=${() => store.seek(row.at)}>${seconds(row.at)}</button>` : html`<span class="when">${seconds(row.at)}</span>`}
        <button class="story-line" data-at=${row.at} tabindex=${stop ? 0 : -1} aria-expanded=${open ? "true" : "false"} aria-current=${current ? "true" : "false"} @focus=${() => this.stopAt(row)} @click=${() => store.show({ open: open ? null : row.id })}><span class="heard-only">${seconds(row.at)} s: </span>${title}</button>
      </div>
      ${open ? this.reason(row) : nothing}
    </li>`;
  }

  /** What an opened line explains: what, by which rule, why, where in the paper, and the lines that ran. */
  private reason(row: StoryRow): TemplateResult {
    void import("./raft-source.js");
    const first = row.lines[0];
    const { rest } = splitHeading(row.text);
    const since = row.lines.at(-1)?.at ?? row.at;
    const folded = row.heartbeats && row.lines.length > 1 ? `${row.lines.length} of them since ${seconds(since)} s. ` : "";
    const facts = [first?.rule, first?.section ? `${first.section.startsWith("thesis") ? "" : "Raft paper, "}${first.section}` : "", first?.kind].filter((f) => f);
    return html`<div class="reason">
      <p>${folded}${rest} ${first?.why || "The rules ask nothing more here."}${first?.why ? this.doubt(first) : nothing}</p>
      <p class="caption">${facts.join(" · ")}</p>
      ${store.lab ? html`<button class="small" @click=${() => store.seek(row.at)}>Go to ${seconds(row.at)} s</button>` : nothing}
      ${first && first.server > 0 ? html`<raft-source .kind=${first.kind} .reason=${first.reason}></raft-source>` : nothing}
    </div>`;
  }
}

/** The current sentence, for screens without room for the story. A tap opens it. */
export class RaftCaption extends RaftElement {
  protected readonly topics = ["story", "view", "room", "clock", "connection"] as const;
  protected override readonly calm = 120;

  protected override slice(): unknown {
    return [store.headline?.id, store.story.length, store.stepWords, store.boot];
  }

  override render(): TemplateResult {
    const line = store.headline;
    const row = storyRows(tell(store.story, { teller: null, about: null, told: store.told }).past, false).find((r) => r.lines.some((l) => l.id === line?.id));
    const split = line ? splitHeading(row?.text ?? line.text) : null;
    const { boot } = store;
    const begins = boot.state === "loading" ? `Loading the cluster… ${Math.round(boot.fraction * 100)} %` : store.mode === "lab" ? "Loading the cluster…" : "Waiting for the other tabs";
    const title = split ? split.title : store.room?.started ? "The clock runs. Whose timer ends first?" : begins;
    const idle = store.mode === "lab" ? "Every server waits for a leader, each for a time drawn at random." : "Every tab of this room runs one Raft server.";
    const why = store.stepWords && store.stepWords !== line?.text ? stepSentence() : split ? `${split.rest} ${line?.why ?? ""}` : idle;
    return html`<button class="caption-strip" @click=${() => store.show({ panel: store.view.panel === "story" ? "none" : "story" })}><span class="caption-words"><b>${store.view.opening ?? title}</b><span>${why}</span></span></button>`;
  }
}

/** What a step led to, beside the event of the heading. */
const stepSentence = (): string => (store.stepWords.startsWith("Before this:") ? store.stepWords : `Now: ${store.stepWords}`);

/** Speaks to those who do not see the stage, not more often than can be listened to: what a step led to, else the event at which the cluster stands. */
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

customElements.define("raft-story", RaftStory);
customElements.define("raft-caption", RaftCaption);
customElements.define("raft-live-region", RaftLiveRegion);
