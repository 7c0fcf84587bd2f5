import { html, nothing, type TemplateResult } from "lit";
import { guard } from "lit/directives/guard.js";
import { repeat } from "lit/directives/repeat.js";
import { cursor } from "../state/cursor.js";
import { RaftElement } from "../view/element.js";
import { keysOf } from "../view/keys.js";
import { menu } from "../view/menu.js";
import { sectionLink } from "../view/paper.js";
import { doubt } from "./raft-headline.js";
import { store } from "../state/store.js";
import { splitHeading, storyRows, SUBJECTS, tell, type StoryRow, type Subject } from "./story.js";
import { plural, seconds } from "../view/words.js";

const LINES = 16; // that stand in the list at first: each new event moves all of them

const MORE = 30; // that come as often as one goes on to the list's end

const PEOPLE = "Network, people"; // who tells what no server does

/**
 * What happened, in plain words: all events, each with its rule, its reason and the lines of the core that made it.
 * Above it stands the one of now (raft-headline.ts).
 */
export class RaftStory extends RaftElement {
  protected readonly topics = ["story", "view", "room", "clock", "connection", "servers"] as const;
  protected override readonly inShell = true;
  // all of it moves with every event: of many in a row, nobody reads more quickly
  protected override readonly calm = 1_000;

  private stop: number | null = null; // the key of the row that the Tab key comes to; null: the newest row
  private lines = LINES; // that stand in the list, the newest
  private readonly ends = new IntersectionObserver((seen) => seen.forEach((end) => end.isIntersecting &&
    this.comeTo(end.target)), { rootMargin: "200px" });

  protected override slice(): unknown {
    const { past, later } = this.told();
    return [past.length, past.at(-1)?.id, later.length, later[0]?.id, store.headline?.id, past.length === 0 &&
      this.empty()];
  }

  protected override updated(): void {
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
    const read = rows.findLastIndex((r) => r === stop || r.lines.some((l) => l.id === store.headline?.id ||
      l.id === store.view.open));
    const shown = rows.slice(0, Math.max(this.lines, read + 2));
    return html`
      <div class="story-list">
        <div class="row-between story-begin"><h3>What happened</h3>${this.filter()}</div>
        ${ahead.length > 0 ? this.laterButton(ahead.length) : nothing}
        ${rows.length + coming.length === 0 ? html`<p class="caption">${this.empty()}</p>` : nothing}
        <ol aria-describedby="story-keys" @keydown=${this.walk} @pointerleave=${() => this.point(null)}>
          ${repeat(coming, (r) => r.key, (r) => this.line(r, r === stop, at, true))}
          ${coming.length > 0 ? html`<li class="story-now" aria-hidden="true"><span>now</span></li>` : nothing}
          ${repeat(shown, (r) => r.key, (r) => this.line(r, r === stop, at, false))}
          ${shown.length < rows.length ? html`<li class="story-earlier"><button class="small"
            @click=${() => this.goOn(MORE)}>${rows.length - shown.length} earlier events</button></li>` : nothing}
        </ol>
        <p class="heard-only" id="story-keys">The arrow keys go through the events, Home and End to the newest and the
          oldest; Enter opens one${store.can.seek ? ", G goes to its moment" : ""}.</p>
      </div>
    `;
  }

  /** The list can be narrowed to one server, and to one subject; and it can tell of everything. The button says so. */
  private filter(): TemplateResult {
    const { teller, about, everything } = store.view;
    const chosen = [teller === null ? "" : teller === 0 ? PEOPLE : `S${teller}`, about ? SUBJECTS[about] : "",
      everything ? "all" : ""].filter((w) => w);
    const number = (e: Event) => ((e.target as HTMLSelectElement).value === "" ? null
      : Number((e.target as HTMLSelectElement).value));
    return menu("story-filter", "Which events are listed", "quiet small", chosen.length > 0
      ? `Filter: ${chosen.join(" · ")}` : "Filter ▾", html`
      <select aria-label="Of which server" @change=${(e: Event) => store.show({ teller: number(e) })}>
        <option value="" ?selected=${teller === null}>All servers</option>
        ${store.servers.map((s) => html`<option value=${s.server}
          ?selected=${teller === s.server}>S${s.server}</option>`)}
        <option value="0" ?selected=${teller === 0}>${PEOPLE}</option>
      </select>
      <select aria-label="About what"
        @change=${(e: Event) => store.show({ about: ((e.target as HTMLSelectElement).value || null) as Subject
        | null })}>
        <option value="" ?selected=${about === null}>All subjects</option>
        ${Object.entries(SUBJECTS).map(([key, words]) => html`<option value=${key}
          ?selected=${about === key}>${words}</option>`)}
      </select>
      <label class="check"><input type="checkbox" .checked=${everything}
        @change=${(e: Event) => store.show({ everything: (e.target as HTMLInputElement).checked })}
        />Show all, heartbeats too</label>`);
  }

  private laterButton(events: number): TemplateResult {
    const { later } = store.view;
    const words = later ? "Hide later events" : plural(events, "later event");
    return html`<button class="small story-later" aria-expanded=${later ? "true" : "false"}
      @click=${() => store.show({ later: !later })}>${words}</button>`;
  }

  private empty(): string {
    const { teller, about } = store.view;
    if (teller !== null || about !== null) return "Nothing of that kind yet.";
    if (store.can.seats && !store.room) return "Nothing is known of this room yet.";
    return store.leader ? "Nothing has happened since this page began to watch."
      : "Nothing yet. The first line comes when a timer runs out.";
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

  /** A closed line that looks as before is not looked at again: each new event would have all of them drawn. */
  private line(row: StoryRow, stop: boolean, at: number[], later: boolean): unknown {
    const open = row.lines.some((l) => l.id === store.view.open);
    const current = row.lines.some((l) => l.id === store.headline?.id);
    const pointed = row.lines.some((l) => at.includes(l.id));
    const title = splitHeading(row.text).title;
    const look = () => html`<li class="${current ? "current" : ""} ${row.lines[0]?.weight ?? ""} ${later ? "later"
      : ""} ${pointed ? "pointed" : ""}" @pointerenter=${() => this.point(row.id)}>
      <div class="story-row">
        ${store.can.seek ? html`<button class="when" tabindex="-1" title="Go to this moment"
          aria-label="Go to ${seconds(row.at)} s" @click=${() => store.seek(row.at)}>${seconds(row.at)}</button>`
          : html`<span class="when">${seconds(row.at)}</span>`}
        <button class="story-line" data-at=${row.at} tabindex=${stop ? 0 : -1} aria-expanded=${open ? "true" : "false"}
          aria-current=${current ? "true" : "false"} @focus=${() => this.stopAt(row)}
          @click=${() => store.show({ open: open ? null : row.id })}><span
          class="heard-only">${seconds(row.at)} s: </span>${title}</button>
      </div>
      ${open ? this.reason(row) : nothing}
    </li>`;
    return open ? look() : guard([row.key, row.id, row.at, title, current, pointed, stop, later, store.can.seek], look);
  }

  /** What an opened line explains: what, by which rule, why, where in the paper, and the lines that ran. */
  private reason(row: StoryRow): TemplateResult {
    void import("./raft-source.js");
    const first = row.lines[0];
    const { rest } = splitHeading(row.text);
    const since = row.lines.at(-1)?.at ?? row.at;
    const folded = row.heartbeats && row.lines.length > 1 ? `${row.lines.length} of them since ${seconds(since)} s. `
      : "";
    const facts = [first?.rule, first?.section
      ? html`${first.section.startsWith("thesis") ? "" : "Raft paper, "}${sectionLink(first.section)}` : "",
      first?.kind].filter((f) => f);
    return html`<div class="reason">
      <p>${folded}${rest} ${first?.why || "The rules ask nothing more here."}${first?.why ? doubt(first, this)
        : nothing}</p>
      <p class="caption">${facts.map((f, i) => html`${i > 0 ? " · " : ""}${f}`)}</p>
      ${store.can.seek ? html`<button class="small"
        @click=${() => store.seek(row.at)}>Go to ${seconds(row.at)} s</button>` : nothing}
      ${first && first.server > 0 ? html`<raft-source .kind=${first.kind} .reason=${first.reason}></raft-source>`
        : nothing}
    </div>`;
  }
}

customElements.define("raft-story", RaftStory);
