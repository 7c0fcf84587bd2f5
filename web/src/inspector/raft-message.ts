import { html, nothing, type TemplateResult } from "lit";
import { RaftElement } from "../view/element.js";
import type { FrameDetails, FrameForm, LabAction, LabOffer } from "../model.js";
import { store } from "../state/store.js";
import { seconds, span } from "../view/words.js";

const AGAIN_MS = 250; // between two questions about a message

/**
 * A message of the lab: its content while the clock stands, what its receiver would do with it, and all that
 * can be done to it.
 */
export class RaftMessage extends RaftElement {
  protected readonly topics = ["view", "clock", "flights"] as const;
  protected override readonly calm = 200;

  private of: number | null = null; // the message that is described
  private details: FrameDetails | null = null;
  private gone = ""; // why nothing more is known of it
  private asked = { at: -Infinity, waiting: false };
  private encoding = ""; // the one shown; empty: the message's own
  private draft: string | null = null; // the text to send in its place
  private refusal = ""; // why it cannot be sent

  override render(): TemplateResult {
    const { selection } = store.view;
    const seq = selection?.kind === "flight" ? selection.seq : null;
    if (seq !== this.of) this.turnTo(seq);
    else void this.ask();
    const d = this.details;
    if (!d) return html`${this.gone ? html`<p class="caption">${this.gone}</p>` : nothing}`;
    const far = Math.round((Math.max(0, Math.min(d.due, store.now()) - d.sent) / Math.max(1e-9, d.due - d.sent)) * 100);
    return html`
      <dl class="facts"><div><dt>On its way</dt><dd>${this.gone ? "no longer" : d.held ? "held"
        : `${far} % of ${span(d.due - d.sent)}`}</dd></div><div><dt>Sent at</dt><dd>${seconds(d.sent)} s</dd></div></dl>
      ${this.acts(d)}
      ${d.fields.length > 0 ? html`<h3>What it says</h3><dl
        class="fields">${d.fields.map((f) => html`<div title=${f.meaning}><dt>${f.name}</dt><dd>${f.value}</dd><dd
        class="caption">${f.meaning}</dd></div>`)}</dl>` : nothing}
      ${this.gone ? nothing : html`<h3>What will S${d.to} do with it?</h3><ol
        class="would">${d.next.map((line) => html`<li>${line}</li>`)}</ol>`}
      ${this.bytes(d)}`;
  }

  private acts(d: FrameDetails): TemplateResult {
    const button = (o: LabOffer) => html`<button ?disabled=${this.gone !== ""} title=${o.meaning} data-act=${o.name}
      @click=${async () => store.notice(await this.do(o.acts))}>${o.words}</button>`;
    return html`<div class="buttons wrap" role="group" aria-label="What can be done to it">
      ${d.deeds.map(button)}
      <button ?disabled=${this.gone !== "" || !d.whole} title=${d.whole ? "Replace its text"
        : "It is too long to be edited here"} aria-expanded=${this.draft !== null ? "true" : "false"}
        @click=${() => this.write(d)}>Edit</button>
    </div>
    ${this.draft === null ? nothing : this.editor()}
    ${this.gone ? html`<p class="caption">${this.gone}</p>` : nothing}`;
  }

  private editor(): TemplateResult {
    return html`<form class="edit-frame" @submit=${this.send}>
      <label class="caption" for="frame-text">Its new text. Text that no server understands is sent all the same: the
        receiver says what is wrong with it.</label>
      <textarea id="frame-text" class="frame" rows="5" spellcheck="false" .value=${this.draft ?? ""}
        @input=${(e: Event) => (this.draft = (e.target as HTMLTextAreaElement).value)}></textarea>
      ${this.refusal ? html`<p class="caption" role="alert">${this.refusal}</p>` : nothing}
      <div class="buttons"><button class="primary" type="submit">Replace the message</button><button type="button"
        @click=${() => this.write(null)}>Cancel</button></div>
    </form>`;
  }

  private bytes(d: FrameDetails): TemplateResult {
    const form = (encoding: string) => d.forms.find((f) => f.encoding === encoding);
    const own = form(d.encoding);
    const shown = form(this.encoding) ?? own;
    const choice = (f: FrameForm) => html`<button class="small" aria-pressed=${f === shown ? "true" : "false"}
      @click=${() => this.show(f.encoding)}>${f.title}</button>`;
    return html`
      <div class="row-between frame-head"><h3>Wire frame, ${d.bytes} bytes</h3><div class="buttons" role="group"
        aria-label="Encoding">${d.forms.map(choice)}</div></div>
      <pre class="frame" tabindex="0">${shown?.text || "It cannot be written in this encoding."}</pre>
      ${d.whole ? nothing : html`<p class="caption">It is longer than what is shown, and cannot be edited here.</p>`}
      ${shown === own ? nothing : html`<p
        class="caption">It travels as ${own?.title}; this is the same in another encoding.</p>`}`;
  }

  private show(encoding: string): void {
    this.encoding = encoding;
    this.requestUpdate();
  }

  private write(d: FrameDetails | null): void {
    this.draft = d && this.draft === null ? d.draft : null;
    this.refusal = "";
    this.requestUpdate();
    if (this.draft !== null) void this.updateComplete.then(() => this.querySelector("textarea")?.focus());
  }

  /** A refused draft stays in the field. */
  private readonly send = async (e: Event): Promise<void> => {
    e.preventDefault();
    const of = this.of;
    this.refusal = "";
    const refusal = await this.do([{ do: "editFrame", frame: of ?? 0, text: this.draft ?? "" }]);
    if (this.of !== of) return;
    this.refusal = refusal;
    if (!refusal) this.draft = null;
    this.requestUpdate();
  };

  /** Turns to another message and stops the clock, so that there is time to read it. */
  private turnTo(seq: number | null): void {
    this.of = seq;
    this.details = null;
    this.draft = null;
    this.gone = "";
    if (seq === null) return;
    store.setRate(0);
    this.asked = { at: -Infinity, waiting: false };
    void this.ask();
  }

  private async ask(): Promise<void> {
    const seq = this.of;
    if (seq === null || this.gone || this.asked.waiting || performance.now() - this.asked.at < AGAIN_MS / 2) return;
    this.asked = { at: performance.now(), waiting: true };
    try {
      const details = (await store.askLab((id) => ({ type: "frame", id, seq }))) as FrameDetails;
      if (this.of === seq) this.details = details;
    } catch (why) {
      if (this.of === seq) this.gone = (why as Error).message;
    }
    this.asked.waiting = false;
    this.requestUpdate();
  }

  /** Does something to the message; returns what is wrong with that, or an empty text. */
  private async do(acts: LabAction[]): Promise<string> {
    const [action] = acts;
    if (!action) return "";
    const wrong = await store.askLab((id) => ({ type: "act", id, action })).then(() => "", (why: Error) => why.message);
    this.asked.at = -Infinity;
    void this.ask();
    return wrong;
  }
}

customElements.define("raft-message", RaftMessage);
