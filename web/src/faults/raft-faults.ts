import { html, nothing, type TemplateResult } from "lit";
import { RaftElement } from "../view/element.js";
import { QUALITIES, type LabAction, type LabControl, type Qualities } from "../model.js";
import { sectionLink } from "../view/paper.js";
import { store } from "../state/store.js";
import { dialOf, dialWords, span } from "../view/words.js";
import { described, isDown } from "./deeds.js";
import { alike, withDial } from "./network.js";
import { cutAt, isCut } from "../stage/raft-cut.js";
import { dial } from "../inspector/raft-link.js";
import { NETWORKS, type Network } from "../share/runs.js";
import { wrongs, type Wrong } from "./wrong.js";

const NO_CONTROL: LabControl = { words: "", unit: "", choices: [] }; // until the catalogue is known

/** All that can go wrong in the cluster, what is wrong now, and how to undo each fault. */
export class RaftFaults extends RaftElement {
  protected readonly topics = ["servers", "room", "lab", "flights", "view"] as const;
  protected override readonly calm = 200;

  override render(): TemplateResult {
    return html`${this.now()}${this.network()}${this.cut()}${this.time()}${this.machines()}${this.traps()}`;
  }

  private place = -1; // of the button under "Wrong now" that has the focus; -1: none has

  private rights(): HTMLElement[] {
    return [...this.querySelectorAll<HTMLElement>("[data-heal], .wrongs button")];
  }

  protected override willUpdate(): void {
    this.place = this.rights().findIndex((b) => b === document.activeElement);
  }

  /**
   * A fault that was mended leaves the list, and its button goes with it: the focus moves to the next one,
   * or to the heading of the list.
   */
  protected override updated(): void {
    if (this.place < 0 || this.contains(document.activeElement)) return;
    const left = this.rights();
    (left[Math.min(this.place, left.length - 1)] ?? this.querySelector<HTMLElement>("h2"))?.focus();
  }

  protected override slice(): unknown {
    return [store.servers.map((s) => [s.seat, s.machine]), store.answers?.leaders, store.answers?.stability,
      store.answers?.cut, store.lab?.traps, store.lab?.wrong, store.lab?.chaos, store.catalogue, held()];
  }

  private now(): TemplateResult {
    const list = wrongs(store.lab, held());
    const all = described("heal");
    const traps = store.lab?.traps ?? [];
    return html`<div class="row-between"><h2 tabindex="-1">Wrong now</h2>${list.length + traps.length > 0
      ? html`<button class="small" data-heal title=${all.meaning}
      @click=${() => void heal()}>${all.words}</button>` : nothing}</div>
      ${list.length + traps.length === 0
        ? html`<p class="caption">Nothing: every server runs, and every link is whole.</p>` : nothing}
      <ul class="wrongs">
        ${list.map((w) => html`<li><span>${w.text}</span><button class="small" aria-label="${w.words}: ${w.text}"
          @click=${() => void right(w)}>${w.words}</button></li>`)}
        ${traps.map((t) => html`<li><span>Trap: ${t.text}</span><button class="small"
          aria-label="Remove the trap: ${t.text}" data-trap=${t.number}
          @click=${() => void store.act([{ do: "disarm", trap: t.number }])}>Remove</button></li>`)}
      </ul>`;
  }

  private network(): TemplateResult {
    const links = store.room?.links ?? [];
    const first = links[0];
    if (!first) return html`${nothing}`;
    const same = links.every((l) => alike(l, first));
    const s = store.answers?.stability;
    return html`<h3>Network</h3>
      <div class="buttons" role="group" aria-label="Networks">${(Object.keys(NETWORKS) as Network[])
        .map((name) => html`<button class="small" title=${NETWORKS[name].words} aria-pressed=${same &&
        alike(first, NETWORKS[name].link) ? "true" : "false"} data-network=${name}
        @click=${() => setAll(NETWORKS[name].link, `The network is ${name}.`)}>${name[0]?.toUpperCase()}${name.slice(
        1)}</button>`)}</div>
      <div class="dials" role="group"
        aria-label="Of every link">${QUALITIES.map((q) => dial(q, dialOf(first, q),
        (value) => setAll(withDial(first, q, value), `${q.title}: ${dialWords(value, q)}.`)))}</div>
      ${same ? nothing : html`<p class="caption">The links are not alike. A dial sets all of them.</p>`}
      ${s ? html`<p class="stability ${s.stable ? "" : "shaky"}">${s.sentence}</p>
      <p class="caption mono">${s.arithmetic}</p><p
        class="caption">broadcastTime ≪ electionTimeout (${sectionLink(s.section)})</p>` : nothing}`;
  }

  private cut(): TemplateResult {
    const side = store.view.side ?? [];
    const toggle = (server: number, on: boolean) => store.show({ side: on ? [...side, server].sort((a, b) => a - b)
      : side.filter((s) => s !== server) });
    const { leader } = store;
    const half = store.answers?.half ?? [];
    const few = store.servers.length < 2;
    return html`<h3>Cut in two</h3>
      <fieldset class="sides-choice"><legend
        class="heard-only">One side of the cut</legend>${store.servers.map((s) => html`<label class="check"><input
        type="checkbox" name="side" value=${s.server} .checked=${side.includes(s.server)}
        @change=${(e: Event) => toggle(s.server, (e.target as HTMLInputElement).checked)}
        /> S${s.server}</label>`)}</fieldset>
      <p class="caption">${side.length === 0 ? "Choose one side here, or on the stage."
        : store.answers?.cut.join(" | ")}</p>
      <div class="buttons wrap">
        <button class="small" ?disabled=${!isCut(side)} data-cut="apply" @click=${() => cutAt(side)}>Cut</button>
        ${store.view.side ? html`<button class="small" @click=${() => store.show({ side: null })}>Cancel</button>`
          : html`<button class="small" ?disabled=${few}
          @click=${() => store.show({ side: [] })}>Choose on the stage</button>`}
        <button class="small" ?disabled=${half.length === 0} data-cut="halves"
          @click=${() => cutAt(half)}>Halves</button>
        <button class="small" ?disabled=${few || !leader} data-cut="leader"
          @click=${() => leader && cutAt([leader.server])}>Isolate the leader</button>
      </div>`;
  }

  private time(): TemplateResult {
    return html`<h3>Timers and chance</h3>
      <div class="buttons wrap">${["spread", "align"].map(described).map((d) => html`<button class="small"
        data-timers=${d.do} title=${d.meaning} @click=${() => store.act([{ do: d.do }])}>${d.words}</button>`)}</div>
      <label class="check"><input type="checkbox" name="chaos" .checked=${store.lab?.chaos ?? false}
        @change=${(e: Event) => setChaos((e.target as HTMLInputElement).checked)} /> Faults happen by themselves</label>
      <label class="check"><input type="checkbox" name="pulses" .checked=${store.view.pulses}
        @change=${(e: Event) => store.show({ pulses: (e.target as HTMLInputElement).checked })}
        /> Heartbeats as pulses of the links</label>`;
  }

  private machines(): TemplateResult {
    const control = (name: string) => store.catalogue.arguments.find((a) => a.name === name)?.control ?? NO_CONTROL;
    const [clock, disk] = [control("rate"), control("disk")];
    const choose = ({ choices }: LabControl, now: number, words: (n: number) => string, label: string,
      act: (n: number) => LabAction) => html`<select aria-label=${label}
      @change=${(e: Event) => void store.act([act(Number((e.target as HTMLSelectElement).value))])}>
      ${(choices.includes(now) ? choices : [...choices, now].sort((a, b) => a - b))
        .map((n) => html`<option value=${n} .selected=${n === now}>${words(n)}</option>`)}</select>`;
    return html`<details><summary>Clocks and disks</summary>
      <table class="machines"><thead><tr><th></th><th scope="col">${clock.words}</th><th
        scope="col">${disk.words}</th></tr></thead>
        <tbody>${store.servers.map((s) => html`<tr><th scope="row">S${s.server}</th>
          <td>${choose(clock, s.machine?.clock ?? 1, (n) => `${n}${clock.unit}`, `Clock of S${s.server}`,
            (rate) => ({ do: "clock", server: s.server, rate }))}</td>
          <td>${choose(disk, s.machine?.slowestWrite ?? 0, (n) => (n === 0 ? "no time" : `up to ${span(n)}`),
            `Disk of S${s.server}`, (disk) => ({ do: "disk", server: s.server, disk }))}</td></tr>`)}</tbody></table>
    </details>`;
  }

  private traps(): TemplateResult {
    const option = (value: string, words: string) => html`<option value=${value}>${words}</option>`;
    const { deeds, moments } = store.catalogue;
    return html`<details><summary>Traps</summary>
      <form class="trap" @submit=${setTrap}>
        <select name="do" aria-label="What happens">${deeds.map((d) => (d.trap ? option(d.do, d.trap)
          : nothing))}</select>
        <select name="server" aria-label="To whom"><option
          value="0">the next server that</option>${store.servers.map((s) =>
          html`<option value=${s.server}>S${s.server} when it</option>`)}</select>
        <select name="when" aria-label="When">${moments.map((m) => option(m.when, m.words))}</select>
        <input name="goal" maxlength="1024" autocomplete="off" spellcheck="false"
          aria-label="Or as soon as this is true" placeholder="or: two leaders at once"
          title="Such as: S4 leads and x=2 committed; S2 commits 3 times; S1 has term > 4, not before 2 s" />
        <button class="small" type="submit">Set the trap</button>
      </form>
      <p class="caption">The trap waits for that moment and acts once. It is listed above with
        what else is wrong, and taken away there.</p></details>`;
  }
}

const held = (): number[] => [...store.flights.values()].filter((f) => f.held && f.fate === "sent").map((f) => f.seq);

function setAll(link: Qualities, done: string): void {
  void store.act([{ do: "network", link }], done);
}

const setChaos = (on: boolean): void => store.wishLab((id) => ({ type: "chaos", id, on }));

function setTrap(e: Event): void {
  e.preventDefault();
  const fields = new FormData(e.currentTarget as HTMLFormElement);
  const server = Number(fields.get("server"));
  const when = String(fields.get("goal")).trim() || String(fields.get("when"));
  void store.act([{ do: String(fields.get("do")), when, ...(server > 0 ? { server } : {}) }]);
}

async function right(w: Wrong): Promise<void> {
  if (w.chaos === false) setChaos(false);
  if (w.acts.length > 0) await store.act(w.acts);
}

/** Heals everything. A server without its disk would stay damaged, so its disk is wiped explicitly. */
async function heal(): Promise<void> {
  if (store.lab?.chaos) setChaos(false);
  const damaged = store.servers.filter((s) => isDown(s) && s.machine?.state === "damaged");
  await store.act([...damaged.map((s) => ({ do: "wipe", server: s.server })), { do: "heal" }]);
}

customElements.define("raft-faults", RaftFaults);
