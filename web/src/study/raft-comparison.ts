import { html, nothing, svg, type SVGTemplateResult, type TemplateResult } from "lit";
import { RaftElement } from "../view/element.js";
import type { Comparison, LabRun, StoryLine, Track } from "../model.js";
import { slot } from "../view/numbers.js";
import { heading } from "../story/story.js";
import { store } from "../state/store.js";
import { seconds } from "../view/words.js";
import { MS } from "../view/time.js";

const BEFORE = 300 * MS; // how long before its turning point a run is opened
const WIDTH = 400; // of the lanes, in units of their picture
const LANE = 8;

/** Two runs that were compared, and in which words they differ. */
export interface Compared {
  words: string; // "with every rule on"
  left: LabRun;
  right: LabRun;
  result: Comparison;
}

let compared: Compared | null = null;

/** Shows two runs side by side below the stage. */
export function showComparison(c: Compared): void {
  compared = c;
  store.show({ dock: "comparison", compared: true });
}

export function sameUntil({ divergence, until }: Comparison): string {
  return divergence ? `They are the same until ${seconds(divergence.at)} s.`
    : `Nothing is different up to ${seconds(until)} s.`;
}

/** Opens a run on the stage, paused, a little before a moment of it. */
export function openJustBefore(run: LabRun, at: number): void {
  store.askLab((id) => ({ type: "open", id, run, at: Math.max(0, at - BEFORE), rate: 0 }))
    .catch((why: Error) => store.notice(why.message));
}

/**
 * Two runs side by side: their lanes on one axis of time, then what happened in each from a little before the
 * first difference on.
 */
export class RaftComparison extends RaftElement {
  protected readonly topics = ["view"] as const;

  override render(): TemplateResult {
    if (!compared) return html`<p class="caption">Nothing has been compared yet. Studies has a button for it.</p>`;
    const { words, left, right, result } = compared;
    const d = result.divergence;
    return html`<p class="compared-until">${sameUntil(result)}</p>
      <div class="compared">
        ${this.side("This run", left, result.left, d?.left)} ${this.side(`The same ${words}`, right, result.right,
          d?.right)}
      </div>`;
  }

  private side(name: string, run: LabRun, track: Track, event: string | undefined): TemplateResult {
    const { divergence, until } = compared?.result ?? { divergence: null, until: 0 };
    const line = (l: StoryLine) => html`<li class=${divergence && l.at < divergence.at ? "before" : ""}><span
      class="when">${seconds(l.at)}</span> ${heading(l.text)}</li>`;
    return html`<section class="compared-run" aria-label=${name}>
      <div class="row-between"><h3>${name}</h3><button class="small"
        @click=${() => openJustBefore(run, divergence?.at ?? until)}>Open it there</button></div>
      ${lanes(track, until, divergence?.at ?? null, run.config.servers, name)}
      ${event === undefined ? nothing
        : html`<p class="diverged">${event || "Nothing happens here at that moment."}</p>`}
      <ol class="study-actions" tabindex="0" aria-label="What happened: ${name}">${track.story.map(line)}</ol>
    </section>`;
  }
}

/**
 * A run in small: a lane a server, in its term's colour where it leads or stands for election, with the
 * first difference marked.
 */
function lanes(track: Track, until: number, divergence: number | null, servers: number, name: string): TemplateResult {
  const x = (at: number) => (Math.min(at, until) / until) * WIDTH;
  const height = servers * LANE;
  const lane = (server: number): (SVGTemplateResult | typeof nothing)[] => {
    const changes = track.history.lanes.filter((l) => l.server === server);
    return changes.map((l, i) => {
      if (l.role === "gone" || l.role === "empty") return nothing;
      const thick = l.role === "leader" ? 5 : 2;
      const width = Math.max(0.5, x(changes[i + 1]?.at ?? until) - x(l.at));
      return svg`<rect class="lane ${l.role} t${slot(l.term)}" x=${x(l.at)}
        y=${(server - 1) * LANE + (LANE - thick) / 2} width=${width} height=${thick} />`;
    });
  };
  const words = `${name}: ${track.history.terms.length} terms, committed to index ${track.commit}`;
  return html`<svg class="compared-lanes" role="img" aria-label=${words} viewBox="0 0 ${WIDTH} ${height}"
    style="height:${height}px" preserveAspectRatio="none">
    ${Array.from({ length: servers }, (_, i) => lane(i + 1))}
    ${divergence === null ? nothing : svg`<line class="divergence" x1=${x(divergence)} x2=${x(divergence)} y1="0"
      y2=${height} />`}
  </svg>`;
}

customElements.define("raft-comparison", RaftComparison);
