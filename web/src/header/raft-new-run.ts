import { html, type TemplateResult } from "lit";
import { RaftElement } from "../view/element.js";
import { store } from "../state/store.js";
import { drawSeed, isSeed, NETWORKS, newRun, type Network } from "../share/runs.js";
import { FIRST_RATE } from "../state/lab-source.js";

/**
 * Opens another run: how many servers, which seed, what network. The run that was open is lost then, unless
 * someone has its link.
 */
export class RaftNewRun extends RaftElement {
  protected readonly topics = [] as const;

  private seed = drawSeed();

  override render(): TemplateResult {
    return html`<form class="new-run" @submit=${this.open}>
      <h3>Another run</h3>
      <label for="run-servers">Servers</label>
      <select id="run-servers" name="servers">${Array.from({ length: 9 },
        (_, i) => html`<option value=${i + 1}
        ?selected=${i + 1 === (store.room?.size ?? 5)}>${i + 1}</option>`)}</select>
      <label for="run-network">Network</label>
      <select id="run-network" name="network">${Object.entries(NETWORKS)
        .map(([name, n]) => html`<option value=${name}>${name}: ${n.words}</option>`)}</select>
      <label for="run-seed">Seed</label>
      <input id="run-seed" class="mono" name="seed" inputmode="numeric" autocomplete="off" .value=${this.seed} />
      <p class="caption">The same seed and the same acts make the same run, to the last message.</p>
      <button class="primary" type="submit">Start</button>
    </form>`;
  }

  private open(e: Event): void {
    e.preventDefault();
    const fields = new FormData(e.currentTarget as HTMLFormElement);
    const seed = String(fields.get("seed")).trim();
    if (!isSeed(seed)) return store.notice(`A seed is a whole number from 0 to 18446744073709551615, not “${seed}”.`);
    const run = newRun(Number(fields.get("servers")), seed, fields.get("network") as Network);
    store.wishLab((id) => ({ type: "open", id, run, at: 0, rate: store.paused ? FIRST_RATE : store.pace }));
    this.seed = drawSeed();
    this.requestUpdate();
    this.closest<HTMLElement>("[popover]")?.hidePopover();
  }
}

customElements.define("raft-new-run", RaftNewRun);
