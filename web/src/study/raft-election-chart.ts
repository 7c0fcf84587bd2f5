import { LitElement, html, svg, type PropertyValues, type TemplateResult } from "lit";
import uPlot from "uplot";
import sheet from "uplot/dist/uPlot.min.css";
import type { ElectionPoint } from "../model.js";
import { MS } from "../view/time.js";

const HEIGHT = 180;
const DASHES = [[], [6, 4], [2, 3]];

/**
 * Time to a leader, and split votes, over how far the timeouts are apart: one line a latency. The same numbers stand
 * below it as a table.
 */
export class RaftElectionChart extends LitElement {
  static override properties = { points: { attribute: false } };
  declare points: ElectionPoint[];

  private plots: uPlot[] = [];
  private readonly observer = new ResizeObserver(() => this.draw());

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.observer.observe(this);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.observer.disconnect();
    this.clear();
  }

  override render(): TemplateResult {
    return html`<style>${sheet}</style><figure class="chart" aria-hidden="true">
      <ul class="chart-key">${this.latencies()
        .map((l, i) => html`<li><svg width="28"
        height="8">${svg`<line x1="0" y1="4" x2="28" y2="4" stroke-dasharray=${dash(i).join(" ")}
        />`}</svg>${l / MS} ms latency</li>`)}</ul>
      <h3>Time until somebody leads, median, ms</h3><div class="chart-times"></div>
      <h3>Elections with a split vote, %</h3><div class="chart-splits"></div></figure>`;
  }

  private latencies(): number[] {
    return [...new Set(this.points.map((p) => p.latency))];
  }

  protected override updated(changed: PropertyValues): void {
    super.updated(changed);
    this.draw();
  }

  private clear(): void {
    for (const p of this.plots) p.destroy();
    this.plots = [];
  }

  private draw(): void {
    const width = Math.floor(this.getBoundingClientRect().width);
    const [times, splits] = [this.querySelector<HTMLElement>(".chart-times"),
      this.querySelector<HTMLElement>(".chart-splits")];
    if (!times || !splits || width === 0 || this.points.length === 0) return;
    this.clear();
    const latencies = this.latencies();
    const spreads = [...new Set(this.points.map((p) => p.most - p.least))].sort((a, b) => a - b);
    const plot = (into: HTMLElement, value: (p: ElectionPoint) => number | null) => {
      const lines = latencies.map((l) => spreads.map((s) => this.points.find((p) => p.latency === l &&
        p.most - p.least === s)).map((p) => (p ? value(p) : null)));
      return new uPlot(this.options(width, latencies, spreads), [spreads.map((_, i) => i), ...lines], into);
    };
    this.plots = [plot(times, (p) => p.median && p.median / MS), plot(splits, (p) => p.split * 100)];
  }

  /**
   * Ink only: colour means term on this page, so the lines are told apart by their dashes. The spreads stand evenly,
   * whatever lies between them.
   */
  private options(width: number, latencies: number[], spreads: number[]): uPlot.Options {
    const style = getComputedStyle(this);
    const ink = (token: string) => style.getPropertyValue(token).trim();
    const axis = { stroke: ink("--t3"), font: "12px 'Inter Variable', sans-serif",
      grid: { stroke: ink("--line"), width: 1 }, ticks: { stroke: ink("--line"), width: 1 } };
    return {
      width,
      height: HEIGHT,
      cursor: { show: false },
      legend: { show: false },
      scales: { x: { time: false }, y: { range: (_plot, _least, most) => [0, Math.max(1, (most ?? 1) * 1.08)] } },
      axes: [
        { ...axis, splits: () => spreads.map((_, i) => i), values: () => spreads.map((s) => `+${s / MS}`),
          label: "timeouts of 150 to 150 + so many ms", labelFont: axis.font, labelSize: 20 },
        { ...axis, size: 56 },
      ],
      series: [{}, ...latencies.map((l, i) => ({ label: `${l / MS} ms`, stroke: ink("--t1"), width: 2, dash: dash(i),
        points: { show: true, size: 5, fill: ink("--t1") } }))],
    };
  }
}

const dash = (line: number): number[] => DASHES[line % DASHES.length] ?? [];

customElements.define("raft-election-chart", RaftElectionChart);
