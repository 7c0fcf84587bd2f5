import { html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { live } from "lit/directives/live.js";
import { repeat } from "lit/directives/repeat.js";
import { loadCore, type Core, type CoreRule } from "../story/core.js";
import { RaftElement } from "../view/element.js";
import { keysOf } from "../view/keys.js";
import type { Property } from "../model.js";
import { sectionLink } from "../view/paper.js";
import { store } from "../state/store.js";
import { seconds } from "../view/words.js";
import { brokenWithout, fetchList, openAddress, type Listed } from "../share/opening.js";
import "../story/raft-source.js";

/**
 * Raft's promises and whether they hold; then the rules that they rest on, each with a switch.
 */
export class RaftRules extends RaftElement {
  protected readonly topics = ["lab", "view"] as const;
  protected override readonly calm = 200;

  private core: Core | null = null;
  private exhibits: Listed[] = []; // of the gallery: runs that show what breaks
  private problem = "";
  private sought = "";
  private stop: string | null = null; // the rule at which the Tab key arrives; null: the first
  private wished: string[] | null = null; // the rules that are to be off, until the lab says that they are
  private shown: string | null = null; // the rule that was open when this was last drawn

  override connectedCallback(): void {
    super.connectedCallback();
    this.load();
  }

  protected override slice(): unknown {
    return [store.lab?.off, store.lab?.properties];
  }

  override render(): TemplateResult {
    return html`
      <h2>Correctness</h2>
      <ul class="properties">${(store.lab?.properties ?? []).map((p) => this.property(p))}</ul>
      ${this.rules()}
    `;
  }

  protected override willUpdate(changed: PropertyValues): void {
    super.willUpdate(changed);
    const off = store.lab?.off ?? [];
    if (this.wished?.length === off.length && this.wished.every((id) => off.includes(id))) this.wished = null;
  }

  protected override updated(): void {
    const open = this.querySelector(".rule.open");
    if (open && store.view.rule !== this.shown) open.scrollIntoView({ block: "nearest" });
    this.shown = store.view.rule;
  }

  private property(p: Property): TemplateResult {
    const { broken } = p;
    if (!broken) return html`<li class="property"><span class="verdict"
      aria-label="holds">✓</span><div><b>${p.name}</b><p>${p.text}</p></div></li>`;
    return html`<li class="property broken"><span class="verdict"
      aria-label="broken">✕</span><div><b>${p.name}, broken</b><p class="broken-words">${capital(broken.text)}</p>
      <button class="small" @click=${() =>
        store.seek(broken.at)}>Go there: ${seconds(broken.at)} s</button></div></li>`;
  }

  private rules(): TemplateResult {
    if (this.problem) return html`<p class="caption">${this.problem} <button class="small"
      @click=${this.load}>Try again</button></p>`;
    if (!this.core) return html`<p class="caption">Loading the rules …</p>`;
    const off = this.off;
    const modified = store.lab?.modified ?? [];
    const found = this.core.rules.filter((r) => this.says(r));
    const stop = found.find((r) => r.id === this.stop) ?? found[0];
    const list = (rules: CoreRule[], label: string) => html`<ul class="rules"
      aria-label=${label}>${repeat(rules, (r) => r.id, (r) => this.rule(r, off, r === stop))}</ul>`;
    const extensions = found.filter((r) => r.extension);
    return html`
      <div class="rules-head"><h2>Rules</h2><span class="caption">${modified.length === 0 ? "every server keeps all"
        : `${modified.length} off`}</span>
        ${modified.length > 0 ? html`<button class="small"
          @click=${() => this.switchOff(off.filter((id) => !modified.includes(id)))}>All on</button>` : nothing}</div>
      ${modified.length > 0 ? html`<p class="modified hatched"><span>Modified Raft</span></p>` : nothing}
      <p class="caption">Switch one off, in all servers from now on, and look for what breaks.</p>
      <input class="rules-search" aria-label="Search the rules" placeholder="Search: vote, commit, §5.4 …"
        .value=${this.sought} @input=${(e: Event) => this.seekRule((e.target as HTMLInputElement).value)} />
      <div @keydown=${this.walk}>
        ${list(found.filter((r) => !r.extension), "Rules")}
        ${extensions.length > 0 ? html`<h3
          class="rules-more">Beyond Figure 2</h3>${list(extensions, "Rules that Figure 2 does not have")}` : nothing}
      </div>
      ${found.length === 0 ? html`<p class="caption">No rule says that.</p>` : nothing}
    `;
  }

  private says(r: CoreRule): boolean {
    const words = this.sought.toLowerCase().split(/\s+/).filter((w) => w);
    const text = `${r.title} ${r.sentence} ${r.section} ${r.protects} ${r.id}`.toLowerCase();
    return words.every((w) => text.includes(w));
  }

  private rule(r: CoreRule, off: string[], stop: boolean): TemplateResult {
    const on = !off.includes(r.id);
    const open = store.view.rule === r.id;
    const tab = stop ? 0 : -1;
    return html`<li class="rule ${on ? "" : "off"} ${open ? "open" : ""}" data-rule=${r.id}
      @focusin=${() => this.stopAt(r.id)}>
      <div class="rule-row">
        <input type="checkbox" role="switch" class="switch" tabindex=${tab} aria-label=${r.title} .checked=${live(on)}
          @change=${() => this.flip(r.id)} />
        <button class="rule-title" tabindex=${tab} aria-expanded=${open ? "true" : "false"}
          @click=${() => store.show({ rule: open ? null : r.id })}>${r.title}</button>
        <span class="caption">${sectionLink(r.section)}</span>
      </div>
      ${open ? this.details(r) : nothing}
    </li>`;
  }

  private details(r: CoreRule): TemplateResult {
    return html`<div class="rule-details">
      <p>${r.sentence}</p>
      <p class="caption">Protects ${r.protects === "Liveness" ? "liveness: the cluster serves, and soon"
        : r.protects}</p>
      ${r.stories.map((s) => html`<h3>Without it: ${s.title}</h3><p>${s.text}</p><p
        class="caption">Breaks ${s.breaks}; played in <span class="mono">${s.file}</span></p>`)}
      ${brokenWithout(this.exhibits, [r.title])
        .map((x) => html`<button class="small" title=${x.story}
        @click=${() => openAddress(`1?run=${x.id}`, store.pace)}>See it break: ${x.title}</button>`)}
      <raft-source .rule=${r.id}></raft-source>
    </div>`;
  }

  /** The rules are one tab stop: the arrows go through them. */
  private readonly walk = keysOf("rules", {
    next: () => this.focusRule((place) => place + 1),
    before: () => this.focusRule((place) => place - 1),
    first: () => this.focusRule(() => 0),
    last: () => this.focusRule((_, rules) => rules - 1),
  });

  private focusRule(to: (place: number, rules: number) => number): void | false {
    const focused = document.activeElement as HTMLElement | null;
    const kind = focused?.matches(".switch, .rule-title") ? focused.classList[0] : undefined;
    if (!kind) return false;
    const all = [...this.querySelectorAll<HTMLElement>(`.${kind}`)];
    const next = all[to(all.indexOf(focused as HTMLElement), all.length)];
    return next ? next.focus() : false;
  }

  private stopAt(id: string): void {
    if (this.stop === id) return;
    this.stop = id;
    this.requestUpdate();
  }

  private seekRule(words: string): void {
    this.sought = words;
    this.requestUpdate();
  }

  private get off(): string[] {
    return this.wished ?? store.lab?.off ?? [];
  }

  private flip(id: string): void {
    this.switchOff(this.off.includes(id) ? this.off.filter((other) => other !== id) : [...this.off, id]);
  }

  private switchOff(off: string[]): void {
    this.wished = off;
    this.requestUpdate();
    store
      .askLab((id) => ({ type: "act", id, action: { do: "rules", off } }))
      .catch((why: Error) => {
        this.wished = null;
        store.notice(why.message);
        this.requestUpdate();
      });
  }

  private readonly load = (): void => {
    this.problem = "";
    loadCore()
      .then((core) => (this.core = core))
      .catch((why: Error) => (this.problem = why.message))
      .finally(() => this.requestUpdate());
    fetchList()
      .then((list) => (this.exhibits = list))
      .catch(() => (this.exhibits = [])) // without a connection there is nothing to open; the gallery itself says so
      .finally(() => this.requestUpdate());
  };
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

customElements.define("raft-rules", RaftRules);
