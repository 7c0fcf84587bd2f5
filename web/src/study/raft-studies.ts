import { html, nothing, type TemplateResult } from "lit";
import { RaftElement } from "../view/element.js";
import { loadCore, type Core } from "../story/core.js";
import type { Comparison, ElectionPoint, Found, Moment } from "../model.js";
import { store } from "../state/store.js";
import { seconds } from "../view/words.js";
import { brokenWithout, fetchList, openAddress, type Listed } from "../share/opening.js";
import { openJustBefore, sameUntil, showComparison } from "./raft-comparison.js";
import { changed, type Change } from "../share/runs.js";
import { Study, type StudyQuestion } from "./study.js";
import { MS, SECOND } from "../view/time.js";

const SEARCH_S = 60;
const LATENCIES = [2, 15, 40].map((ms) => ms * MS);
/** Those of the paper's Figure 16, and one in between. */
const TIMEOUTS = [150, 151, 155, 165, 175, 200, 300].map((ms) => ({ least: 150 * MS, most: ms * MS }));
const SERVERS = [3, 5, 7, 9];
const RUNS = 50;

const CHANGES: { change: Change; words: string }[] = [
  { change: "rules", words: "with every rule on" },
  { change: "last", words: "without the last thing done" },
  { change: "seed", words: "with the next seed" },
  { change: "slower", words: "with twice the latency" },
];

/**
 * Questions about many runs at once: the shortest way to harm, what one change changes, and how elections
 * depend on time.
 */
export class RaftStudies extends RaftElement {
  protected readonly topics = ["view", "lab"] as const;

  private study = new Study();
  private busy: "" | StudyQuestion["type"] = "";
  private fraction = 0;
  private words = "";
  private error = "";
  private found: Found | null = null;
  private exhibits: Listed[] = []; // of the gallery, loaded with it
  private sought = ""; // the rules without which a run was looked for last
  private core: Core | null = null; // loaded once a rule is off
  private change: Change | null = null; // that was chosen; null: none was
  private sameUntil: string | null = null; // what came of the comparison, which stands below the stage
  private points: ElectionPoint[] = [];
  private servers = 5;

  override connectedCallback(): void {
    super.connectedCallback();
    this.requestUpdate(); // of what happened meanwhile nobody has told it
  }

  /**
   * What is being looked for goes on: whoever asks for hundreds of elections does something else until they are held.
   */
  override disconnectedCallback(): void {
    super.disconnectedCallback();
    if (this.busy === "") this.study.close();
  }

  override render(): TemplateResult {
    return html`
      ${this.findRun()} ${this.compareRuns()} ${this.elections()}
      <div class="study-state" role="status">${this.busy ? html`<p class="caption">${this.words}</p><progress max="1"
        .value=${this.fraction} aria-label="Progress"></progress><button class="small"
        @click=${() => this.stop()}>Stop</button>` : nothing}
      ${this.error ? html`<p class="study-error">${this.error}</p>` : nothing}</div>`;
  }

  protected override slice(): unknown {
    return [store.lab?.modified, store.lab?.seed];
  }

  // --- find me a bad run

  private findRun(): TemplateResult {
    const off = store.lab?.modified ?? [];
    if (off.length > 0 && !this.core) void this.learn();
    const rules = off.map((id) => this.core?.rules.find((r) => r.id === id));
    const protect = (property: string) => off.length > 0 && rules.every((r) => r?.protects === property);
    const reads = protect("Linearizability");
    const harmless = protect("Liveness") || reads;
    const titles = off.map((id, i) => `“${rules[i]?.title ?? id}”`).join(", ");
    const here = off.length > 0 && this.sought === off.join();
    const known = reads || (here && !this.busy && !this.found)
      ? brokenWithout(this.exhibits, rules.flatMap((r) => r?.title ?? [])) : [];
    const what = off.length === 0
      ? "Every rule is on, so no run breaks a safety property. Switch one off under Rules, then come back."
      : reads ? `${titles} ${off.length > 1 ? "protect" : "protects"} what clients read. This search looks at what `
        + "servers elect, store and apply, so it would find nothing."
      : harmless ? `${titles} ${off.length > 1 ? "protect" : "protects"} liveness: without ${off.length > 1 ? "them"
        : "it"} the cluster may stand still, but no run breaks a safety property.`
      : `Looks for the shortest run that breaks a safety property without ${titles}.`;
    return html`<section class="study" aria-labelledby="study-find">
      <h2 id="study-find">Find me a bad run</h2>
      <p class="caption">${what}</p>
      <button class="primary" ?disabled=${this.busy !== "" || off.length === 0 || harmless}
        @click=${() => void this.find(off)}>Find a bad run</button>
      ${here && this.found ? this.foundRun(this.found) : nothing}
      ${known.length > 0 ? html`<p class="caption">In the gallery, perhaps with more rules off:</p>${known.map((x) =>
        html`<button class="small" title=${x.story}
        @click=${() => void openAddress(`1?run=${x.id}`, store.pace)}>${x.title}</button>`)}` : nothing}
    </section>`;
  }

  private foundRun(f: Found): TemplateResult {
    const how = f.how === "search"
      ? `The shortest within the bounds, out of ${f.looked.toLocaleString("en")} situations.`
      : `Found with seed ${f.looked}; all that the violation does not need was left out.`;
    return html`<div class="study-found"><p
      class="lead">${f.property} breaks at ${seconds(f.at)} s.</p><p>${/^[a-z]+\b/.test(f.text)
      ? f.text.charAt(0).toUpperCase() + f.text.slice(1) : f.text}.</p><p class="caption">${how}</p>
      <ol class="study-actions">${f.actions.map((a) => html`<li>${a}</li>`)}</ol>
      <div class="buttons wrap"><button class="primary"
        @click=${() => openJustBefore(f.run, f.at)}>Open it just before</button><button
        @click=${() => openJustBefore(f.run, 0)}>Open it from the start</button></div></div>`;
  }

  private async find(off: string[]): Promise<void> {
    this.found = null;
    this.sought = off.join();
    this.found = await this.ask<Found>({ type: "find", off, seconds: SEARCH_S });
    this.requestUpdate();
  }

  private async learn(): Promise<void> {
    try {
      this.core = await loadCore();
      this.exhibits = await fetchList();
      this.requestUpdate();
    } catch {
      // Without a connection the rules are called by their IDs, and the gallery cannot be opened.
    }
  }

  // --- compare two runs

  private compareRuns(): TemplateResult {
    const off = store.lab?.modified ?? [];
    const possible = CHANGES.filter((c) => c.change !== "rules" || off.length > 0);
    const chosen = possible.find((c) => c.change === this.change)?.change ?? (off.length > 0 ? "rules" : "seed");
    return html`<section class="study" aria-labelledby="study-compare">
      <h2 id="study-compare">Compare two runs</h2>
      <form class="buttons wrap" @submit=${this.compare}>
        <label>This run and itself <select name="change" aria-label="The one difference"
          @change=${this.choose}>${possible.map((c) => html`<option value=${c.change}
          .selected=${c.change === chosen}>${c.words}</option>`)}</select></label>
        <button type="submit" ?disabled=${this.busy !== ""}>Compare</button>
      </form>
      ${this.sameUntil === null ? nothing : html`<p role="status">${this.sameUntil}</p>`}
    </section>`;
  }

  private readonly choose = (e: Event): void => {
    this.change = (e.currentTarget as HTMLSelectElement).value as Change;
  };

  private readonly compare = async (e: SubmitEvent): Promise<void> => {
    e.preventDefault();
    const change = new FormData(e.currentTarget as HTMLFormElement).get("change") as Change;
    this.sameUntil = null;
    this.error = "";
    try {
      const { run } = (await store.askLab((id) => ({ type: "moment", id }))) as Moment;
      const right = changed(run, change, store.lab?.modified ?? []);
      const result = await this.ask<Comparison>({ type: "compare", left: run, right,
        until: Math.max(SECOND, Math.round(store.end)) });
      if (result) {
        const words = CHANGES.find((c) => c.change === change)?.words ?? "";
        showComparison({ words, left: run, right, result });
        this.sameUntil = sameUntil(result);
      }
    } catch (why) {
      this.error = (why as Error).message;
    }
    this.requestUpdate();
  };

  // --- the election laboratory

  private elections(): TemplateResult {
    return html`<section class="study" aria-labelledby="study-elections">
      <h2 id="study-elections">Election laboratory</h2>
      <p class="caption">The leader crashes: how long until the next is elected? ${RUNS} times for each
        range of timeouts, as in Figure 16 of the paper, and for each latency.</p>
      <form class="buttons wrap" @submit=${this.elect}>
        <label>Servers <select name="servers"
          @change=${(e: Event) => (this.servers = Number((e.target as HTMLSelectElement).value))}>${SERVERS.map((n) =>
          html`<option value=${n} ?selected=${n === this.servers}>${n}</option>`)}</select></label>
        <button type="submit" ?disabled=${this.busy !== ""}>Hold elections</button>
      </form>
      ${this.points.length > 0 ? html`<raft-election-chart .points=${this.points}></raft-election-chart>${this.table()}`
        : nothing}
    </section>`;
  }

  private table(): TemplateResult {
    const ms = (n: number | null) => (n === null ? "none" : `${Math.round(n / MS)} ms`);
    return html`<details><summary>The numbers</summary><table
      class="study-table"><thead><tr><th>Timeout</th><th>Latency</th><th>Median</th><th>95 %</th><th>Split
      votes</th></tr></thead>
      <tbody>${this.points.map((p) =>
        html`<tr><td>${p.least / MS}–${p.most / MS} ms</td><td>${p.latency / MS} ms</td><td>${ms(
        p.median)}</td><td>${ms(p.worst)}</td><td>${Math.round(
        p.split * 100)} %</td></tr>`)}</tbody></table></details>`;
  }

  private readonly elect = async (e: SubmitEvent): Promise<void> => {
    e.preventDefault();
    await import("./raft-election-chart.js"); // the chart library is loaded by those who want a chart
    this.points = [];
    const question: StudyQuestion = { type: "elections", servers: this.servers, seed: 1, runs: RUNS,
      latencies: LATENCIES, timeouts: TIMEOUTS };
    await this.ask<ElectionPoint[]>(question, (part) => (this.points = [...this.points, part as ElectionPoint]));
  };

  // --- asking

  private async ask<T>(question: StudyQuestion, take: (part: unknown) => void = () => {}): Promise<T | null> {
    Object.assign(this, { busy: question.type, fraction: 0, words: "", error: "" });
    this.requestUpdate();
    try {
      return await this.study.ask<T>(question, (fraction, words, part) => {
        Object.assign(this, { fraction, words });
        if (part !== null) take(part);
        this.requestUpdate();
      });
    } catch (why) {
      this.error = (why as Error).message;
      return null;
    } finally {
      this.busy = "";
      if (!this.isConnected) this.study.close();
      this.requestUpdate();
    }
  }

  private stop(): void {
    this.study.stop();
  }
}

customElements.define("raft-studies", RaftStudies);
