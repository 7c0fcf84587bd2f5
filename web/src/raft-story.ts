import { html, nothing, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { RaftElement } from "./element.js";
import { store } from "./store.js";
import { splitHeading, storyRows, type StoryRow } from "./story.js";
import { seconds } from "./words.js";

const SAY_MS = 1_500; // the live region speaks at most this often

/** What happened, in plain words: the newest event that matters as a heading, then all of them, each with its rule and reason. */
export class RaftStory extends RaftElement {
  protected readonly topics = ["story", "view", "room"] as const;
  protected override readonly calm = 120;

  private stop: number | null = null; // the key of the row that the Tab key comes to; null: the newest row

  override render(): TemplateResult {
    const rows = storyRows(store.story, store.view.everything);
    const stop = rows.find((r) => r.key === this.stop) ?? rows[0];
    return html`
      ${this.headline(storyRows(store.story, false))}
      <div class="story-list">
        <div class="row-between">
          <h3>What happened</h3>
          <label class="check"><input type="checkbox" .checked=${store.view.everything} @change=${(e: Event) => store.show({ everything: (e.target as HTMLInputElement).checked })} />Show all</label>
        </div>
        ${rows.length === 0 ? html`<p class="caption">Nothing yet. The first timer that ends makes the first line.</p>` : nothing}
        <ol aria-describedby="story-keys" @keydown=${this.walk}>
          ${repeat(rows, (r) => r.key, (r) => this.line(r, r === stop))}
        </ol>
        <p class="heard-only" id="story-keys">The arrow keys go through the events, Home and End to the newest and the oldest; Enter opens one.</p>
      </div>
    `;
  }

  private headline(rows: StoryRow[]): TemplateResult {
    const line = store.headline;
    if (!line) {
      const text = store.room?.started ? "The clock runs. Whose timer ends first?" : "A room for real servers";
      return html`<div class="headline"><h2>${text}</h2><p class="prose">Every tab of this room runs one Raft server. They talk over the network you see.</p></div>`;
    }
    const place = rows.findIndex((r) => r.lines.some((l) => l.id === line.id));
    const { title, rest } = splitHeading(rows[place]?.text ?? line.text);
    const go = (to: number) => store.show({ reading: to <= 0 ? null : (rows[to]?.id ?? null) });
    return html`<div class="headline">
      <p class="caption">${seconds(line.at)} s${line.section ? html` · ${line.section}` : nothing}</p>
      <h2>${title}</h2>
      ${rest || line.why ? html`<p class="prose">${rest} ${line.why}</p>` : nothing}
      <div class="buttons">
        <button ?disabled=${place < 0 || place >= rows.length - 1} @click=${() => go(place + 1)}>Previous</button>
        <button ?disabled=${store.view.reading === null} @click=${() => go(place - 1)}>Next</button>
        <span class="caption">${store.view.reading === null ? "the newest event" : `event ${rows.length - place} of ${rows.length}`}</span>
      </div>
    </div>`;
  }

  /** A hundred lines are one stop of the Tab key: the arrows go through them. */
  private walk(e: KeyboardEvent): void {
    const lines = [...this.querySelectorAll<HTMLElement>(".story-line")];
    const place = lines.indexOf(document.activeElement as HTMLElement);
    const to = { ArrowDown: place + 1, ArrowUp: place - 1, Home: 0, End: lines.length - 1 }[e.key];
    const line = to === undefined ? undefined : lines[to];
    if (!line) return;
    e.preventDefault();
    line.focus();
  }

  private stopAt(row: StoryRow): void {
    if (this.stop === row.key) return;
    this.stop = row.key;
    this.requestUpdate();
  }

  private line(row: StoryRow, stop: boolean): TemplateResult {
    const open = row.lines.some((l) => l.id === store.view.open);
    const current = row.lines.some((l) => l.id === store.headline?.id);
    const first = row.lines[0];
    return html`<li class="${current ? "current" : ""} ${first?.weight ?? ""}">
      <button class="story-line" tabindex=${stop ? 0 : -1} aria-expanded=${open ? "true" : "false"} @focus=${() => this.stopAt(row)} @click=${() => store.show({ open: open ? null : row.id })}>
        <span class="when">${seconds(row.at)}</span><span>${splitHeading(row.text).title}</span>
      </button>
      ${open && first ? html`<div class="reason"><p>${splitHeading(row.text).rest} ${first.why || "The rules ask nothing more here."}</p>${first.section ? html`<p class="caption">Raft paper, ${first.section} · ${first.kind}</p>` : html`<p class="caption">${first.kind}</p>`}</div>` : nothing}
    </li>`;
  }
}

/** The current sentence, for screens without room for the story. A tap opens it. */
export class RaftCaption extends RaftElement {
  protected readonly topics = ["story", "view", "room"] as const;
  protected override readonly calm = 120;

  override render(): TemplateResult {
    const line = store.headline;
    const row = storyRows(store.story, false).find((r) => r.lines.some((l) => l.id === line?.id));
    const split = line ? splitHeading(row?.text ?? line.text) : null;
    const title = split ? split.title : store.room?.started ? "The clock runs. Whose timer ends first?" : "Waiting for the other tabs";
    const why = split ? `${split.rest} ${line?.why ?? ""}` : "Every tab of this room runs one Raft server.";
    return html`<button class="caption-strip" @click=${() => store.show({ panel: store.view.panel === "story" ? "none" : "story" })}><b>${title}</b><span>${why}</span></button>`;
  }
}

/** Speaks the key events to those who do not see the stage, not more often than can be listened to. */
export class RaftLiveRegion extends RaftElement {
  protected readonly topics = ["story"] as const;
  protected override readonly calm = SAY_MS;

  override connectedCallback(): void {
    super.connectedCallback();
    this.setAttribute("role", "status");
    this.setAttribute("aria-live", "polite");
    this.className = "heard-only";
  }

  override render(): TemplateResult {
    const line = store.story.findLast((l) => l.weight === "key");
    return html`${line?.text ?? ""}`;
  }
}

customElements.define("raft-story", RaftStory);
customElements.define("raft-caption", RaftCaption);
customElements.define("raft-live-region", RaftLiveRegion);
