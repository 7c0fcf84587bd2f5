import { html, type TemplateResult } from "lit";
import { RaftElement } from "./element.js";
import { store } from "./store.js";
import { rateOfSlider, rateWords, seconds, sliderOfRate } from "./words.js";

const PRESETS = [0.01, 0.1, 0.5, 1];

/** Play, pause, and how fast the room's clock runs. It is one clock for everybody in the room. */
export class RaftTransport extends RaftElement {
  protected readonly topics = ["clock", "room", "connection"] as const;
  protected override readonly calm = 100;

  override render(): TemplateResult {
    const started = store.room?.started ?? false;
    const open = store.connection.state === "open";
    const pace = store.pace;
    return html`
      <button class="primary play" ?disabled=${!started || !open} title="Space: pauses the clock of the whole room" @click=${() => store.togglePause()}>${store.paused ? "Play" : "Pause"}</button>
      <output class="clock mono" aria-label="Cluster time">${seconds(store.now())} s</output>
      <span class="caption rate-words">${started ? rateWords(store.rate) : "The clock starts when every seat is taken."}</span>
      <label class="rate"><span class="caption">Slow</span>
        <input type="range" min="0" max="300" step="1" .value=${String(sliderOfRate(pace))} ?disabled=${!started || !open} aria-label="Rate of the room's clock" aria-valuetext=${rateWords(pace)}
          @input=${this.slide} /><span class="caption">Real</span></label>
      <div class="presets" role="group" aria-label="Rates">
        ${PRESETS.map((rate) => html`<button class="small" aria-pressed=${Math.abs(pace - rate) < 1e-6 ? "true" : "false"} ?disabled=${!started || !open} @click=${() => store.setRate(rate)}>${rate === 1 ? "Real time" : `${rate}×`}</button>`)}
      </div>
    `;
  }

  private slide(e: Event): void {
    store.setRate(rateOfSlider(Number((e.target as HTMLInputElement).value)));
  }
}

customElements.define("raft-transport", RaftTransport);
