import { html, nothing, type TemplateResult } from "lit";
import { RaftElement } from "../view/element.js";
import { branchTree } from "../state/lived.js";
import { menu } from "../view/menu.js";
import type { Stop } from "../model.js";
import { store } from "../state/store.js";
import { rateOfSlider, rateWords, seconds, sliderOfRate } from "../view/words.js";
import { MS, SECOND } from "../view/time.js";

const PRESETS = [0.01, 0.1, 0.5, 1];
const SLOW_PRESETS = [0.005, 0.02, 0.1, 1];

/** What a step of the lab's clock may be, and how it is called. */
const STOPS: { stop: Stop; words: string; meaning: string }[] = [
  { stop: "event", words: "event", meaning: "whatever a server does" },
  { stop: "message", words: "message", meaning: "a message arrives" },
  { stop: "role", words: "role", meaning: "a server changes its role" },
  { stop: "commit", words: "commit", meaning: "an entry is committed" },
  { stop: "election", words: "election", meaning: "a leader is elected" },
];

/**
 * The clock: play, pause, how fast it runs. In a room it is one clock for everybody; the lab's can also be stepped, and
 * taken to any moment.
 */
export class RaftTransport extends RaftElement {
  protected readonly topics = ["clock", "room", "connection", "lab", "view"] as const;
  protected override readonly calm = 100;

  override render(): TemplateResult {
    return store.can.seek ? this.travelled() : this.shared();
  }

  private shared(): TemplateResult {
    const waits = store.room?.started === false;
    return html`
      ${this.play("Space: pauses the clock of the whole room")}
      <output class="clock mono" aria-live="off" aria-label="Cluster time">${seconds(store.now())} s</output>
      ${this.may ? menu("speed-menu", "How fast the clock of the whole room runs", "quiet rate-words",
        rateWords(store.rate), this.speed(PRESETS))
        : html`<span class="caption rate-words">${waits ? "The clock starts when every seat is taken."
        : nothing}</span>`}
    `;
  }

  private travelled(): TemplateResult {
    const stop = STOPS.find((s) => s.stop === store.view.stop) ?? STOPS[0];
    const next = (to: Stop, words: string, key: string) => html`<button class="quiet" ?disabled=${!store.lab}
      @click=${() => store.step(to, false)}>${words} <kbd>${key}</kbd></button>`;
    return html`
      <div class="steps" role="group" aria-label="Steps">
        <button class="quiet step" ?disabled=${!store.lab} title="← one ${stop?.words} back"
          @click=${() => store.step(store.view.stop, true)}>‹ ${stop?.words}</button>
        ${this.play("Space")}
        <button class="quiet step" ?disabled=${!store.lab} title="→ to the next ${stop?.words}"
          @click=${() => store.step(store.view.stop, false)}>${stop?.words} ›</button>
      </div>
      <output class="clock mono" aria-live="off" aria-label="Cluster time">${seconds(store.now())} s</output>
      ${menu("speed-menu", "How fast the clock runs", "quiet rate-words", rateWords(store.pace),
        this.speed(SLOW_PRESETS))}
      <div class="jumps">
        ${this.branches()}
        ${menu("step-menu", "To the next election, to the next commit; and what a step is", "quiet", "Go to ▾", html`
          ${next("election", "Next election", "E")}${next("commit", "Next commit", "C")}
          ${store.lab && (store.lab.modified.length > 0 || store.lab.properties.some((p) => p.broken))
            ? next("violation", "Next violation", "X") : nothing}
          <h3>A step is</h3>
          ${STOPS.map((s) => html`<button class="quiet" aria-pressed=${s === stop ? "true" : "false"}
            @click=${() => store.show({ stop: s.stop })}>${s.words} <span
            class="caption">${s.meaning}</span></button>`)}`)}
        ${store.behind > 0 ? html`<button class="live primary" title="L: to the end of the run"
          @click=${() => store.goLive()}>Live<span class="behind">, ${behindWords(store.behind)}</span></button>`
          : html`<span class="live caption">Live</span>`}
      </div>
    `;
  }

  /** Whether anybody can pause the clock, or set its rate. */
  private get may(): boolean {
    return (store.room?.started ?? false) && store.connection.state === "open";
  }

  private play(title: string): TemplateResult {
    return html`<button class="primary play" ?disabled=${!this.may} title=${title}
      @click=${() => store.togglePause()}>${store.paused ? "Play" : "Pause"}</button>`;
  }

  private speed(presets: number[]): TemplateResult {
    const { pace } = store;
    const { may } = this;
    return html`
      <label class="rate"><span class="caption">Slow</span>
        <input type="range" min="0" max="300" step="1" .value=${String(sliderOfRate(pace))} ?disabled=${!may}
          aria-label="Rate of the clock" aria-valuetext=${rateWords(pace)} @input=${this.slide} /><span
          class="caption">Real</span></label>
      <div class="presets" role="group" aria-label="Rates">
        ${presets.map((rate) => html`<button class="small" aria-pressed=${Math.abs(pace - rate) < 1e-6 ? "true"
          : "false"} ?disabled=${!may} @click=${() => store.setRate(rate)}>${rate === 1 ? "Real time"
          : `${rate}×`}</button>`)}
      </div>`;
  }

  private slide(e: Event): void {
    store.setRate(rateOfSlider(Number((e.target as HTMLInputElement).value)));
  }

  /** The branches of this run, as a tree. */
  private branches(): TemplateResult | typeof nothing {
    const lab = store.lab;
    if (!lab || lab.branches.length < 2) return nothing;
    const go = (branch: number) => store.wishLab((id) => ({ type: "branch", id, branch, at: null }));
    return menu("branch-menu", "The branches of this run", "quiet branches",
      `Branch ${lab.branch} of ${lab.branches.at(-1)?.id}`, branchTree(lab.branches).map(
      ({ branch: b, depth }) => html`<button class="quiet branch" style="--depth: ${depth}"
        aria-pressed=${b.id === lab.branch ? "true" : "false"} @click=${() => go(b.id)}>
        <b>Branch ${b.id}</b> <span>${b.text || "as the run began"}</span> <span
          class="caption">${b.parent ? `from ${seconds(b.at)} s ` : ""}to ${seconds(b.end)} s</span></button>`,
    ));
  }
}

/** How far behind one is, without digits that change too fast to be read. */
const behindWords = (time: number): string => (time >= SECOND ? `${(time / SECOND).toFixed(1)} s behind`
  : `${Math.ceil(time / MS)} ms behind`);

customElements.define("raft-transport", RaftTransport);
