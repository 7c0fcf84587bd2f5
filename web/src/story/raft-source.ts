import { html, LitElement, nothing, type TemplateResult } from "lit";
import { excerpt, loadCore, placesOf, rulesIn, type Core, type CorePlace } from "./core.js";
import { store } from "../state/store.js";

/** The lines of the core that made an event, or that ask whether a rule is kept: from the files that were compiled. */
export class RaftSource extends LitElement {
  static override properties = { kind: {}, reason: {}, rule: {} };

  declare kind: string | undefined; // of an event
  declare reason: string | undefined; // of that event, if it is known
  declare rule: string | undefined; // or a rule's id

  private core: Core | null = null;
  private problem = "";
  private place = 0;
  private whole = false;

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.load();
  }

  protected override willUpdate(changed: Map<string, unknown>): void {
    if (changed.size > 0) this.place = 0;
  }

  override render(): TemplateResult | typeof nothing {
    if (this.problem) return html`<p class="caption">${this.problem} <button class="small"
      @click=${this.load}>Try again</button></p>`;
    if (!this.core) return html`<p class="caption">Loading the source …</p>`;
    const places = this.places(this.core);
    const place = places[this.place] ?? places[0];
    if (!place) return nothing;
    return html`${this.code(this.core, place)}${this.others(this.core, places)}${this.rule ? nothing
      : this.consulted(this.core, place)}`;
  }

  private places(core: Core): CorePlace[] {
    if (this.rule) return core.rules.find((r) => r.id === this.rule)?.places ?? [];
    return placesOf(core, this.kind ?? "", this.reason);
  }

  private code(core: Core, place: CorePlace): TemplateResult | typeof nothing {
    const of = core.functions[place.at];
    if (!of) return nothing;
    const shown = excerpt(of, place.marks, this.whole);
    const mark = shown.lines.find((l) => l.marked)?.number ?? of.line;
    const all = of.text.split("\n").length;
    return html`
      <p class="caption source-where"><span class="mono">${of.file}:${mark}</span> in ${of.name}</p>
      <pre class="source" tabindex="0" role="region"
        aria-label="Source of ${of.name}, ${of.file}, line ${mark}">${shown.lines.map(
        (l) => html`<span class="source-line ${l.marked ? "marked" : ""} ${l.text.trimStart().startsWith("//")
          ? "comment" : ""}"><i>${l.number}</i><span>${l.text}${l.marked
          ? html`<span class="heard-only"> (this line)</span>` : nothing}</span></span>`,
      )}</pre>
      ${shown.whole && !this.whole ? nothing
        : html`<button class="small" @click=${() => this.toggle()}>${this.whole ? "Fewer lines"
        : `All ${all} lines`}</button>`}`;
  }

  private others(core: Core, places: CorePlace[]): TemplateResult | typeof nothing {
    if (places.length < 2) return nothing;
    const button = (p: CorePlace, i: number) => html`<button class="small" aria-pressed=${i === this.place ? "true"
      : "false"} @click=${() => this.choose(i)}>${core.functions[p.at]?.name}</button>`;
    return html`<div class="buttons wrap" role="group" aria-label="Places in the source">${places.map(button)}</div>`;
  }

  private consulted(core: Core, place: CorePlace): TemplateResult | typeof nothing {
    const rules = rulesIn(core, place.at);
    if (rules.length === 0 || !store.can.rules) return nothing;
    return html`<p class="caption">Asks for: ${rules.map((r, i) => html`${i > 0 ? ", " : nothing}<button class="linked"
      @click=${() => store.show({ panel: "rules", rule: r.id })}>${r.title}</button>`)}</p>`;
  }

  private toggle(): void {
    this.whole = !this.whole;
    this.requestUpdate();
  }

  private choose(place: number): void {
    this.place = place;
    this.requestUpdate();
  }

  private readonly load = (): void => {
    this.problem = "";
    loadCore()
      .then((core) => (this.core = core))
      .catch((why: Error) => (this.problem = why.message))
      .finally(() => this.requestUpdate());
  };
}

customElements.define("raft-source", RaftSource);
