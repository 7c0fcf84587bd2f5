import { html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { RaftElement } from "../view/element.js";
import type { Moment } from "../model.js";
import { store } from "../state/store.js";
import { seconds } from "../view/words.js";
import { download, withParameters, writeFile, writeLink, type Seen } from "./moment.js";
import { openAddress, openFile, sayWrong, textOf } from "./opening.js";

/** The page's root folder, relative to its scripts. */
const ROOT = new URL("../", import.meta.url);

/** How large the frame of an embedded lab may be: the page has a layout for each. */
const FRAMES = [
  { words: "800 × 580", style: "width: 800px; max-width: 100%; height: 580px" },
  { words: "as wide as its container", style: "width: 100%; height: 580px" },
  { words: "1280 × 800", style: "width: 1280px; max-width: 100%; height: 800px" },
  { words: "360 × 640", style: "width: 360px; max-width: 100%; height: 640px" },
] as const;

/**
 * The ways out of the page and into it: a link, a frame for another page, a file; and the errors of a link
 * or a file that came in.
 */
export class RaftShare extends RaftElement {
  protected readonly topics = ["view"] as const;

  private moment: Moment | null = null; // as it was when the dialog was opened
  private from: "moment" | "start" = "moment";
  private as: "frame" | "element" = "frame";
  private frame: (typeof FRAMES)[number] = FRAMES[0];
  private show: Record<string, string> = {}; // parameters of the embedded page that differ from its defaults
  private link = "";
  private problem = "";

  protected override attached(gone: AbortSignal): void {
    document.addEventListener("dragover", this.over, { signal: gone });
    document.addEventListener("drop", this.drop, { signal: gone });
  }

  override render(): TemplateResult {
    return html`
      <dialog class="share-dialog" aria-labelledby="share-title" @cancel=${this.escaped}>${store.view.dialog === "share"
        ? this.ways() : nothing}</dialog>
      <dialog class="wrong-dialog" aria-labelledby="wrong-title" @cancel=${this.escaped}>
        <h2 id="wrong-title">This cannot be opened</h2>
        <p class="prose">${store.view.wrong}</p>
        <div class="buttons">${store.view.kept
          ? html`<button class="primary" @click=${this.keep}>Keep the run that is open</button>` : nothing}<button
          class=${store.view.kept ? "" : "primary"} @click=${this.openDefault}>Open the default run</button></div>
      </dialog>
    `;
  }

  protected override updated(changed: PropertyValues): void {
    super.updated(changed);
    for (const [name, dialog] of [["share", this.querySelector<HTMLDialogElement>(".share-dialog")],
      ["wrong", this.querySelector<HTMLDialogElement>(".wrong-dialog")]] as const) {
      const wanted = store.view.dialog === name;
      if (wanted && dialog && !dialog.open) {
        dialog.showModal();
        if (name === "share") void this.take();
      }
      if (!wanted && dialog?.open) dialog.close();
    }
  }

  private ways(): TemplateResult {
    const at = this.moment ? `, ${seconds(this.moment.at)} s` : "";
    const choose = (from: "moment" | "start") => html`<label><input type="radio" name="share-from" value=${from}
      .checked=${this.from === from} @change=${() => this.choose(from)} /><span>${from === "moment" ? `This moment${at}`
      : "The run from its start"}</span></label>`;
    return html`
      <div class="dialog-head"><h2 id="share-title">Share</h2><button class="quiet small" aria-label="Close"
        @click=${() => store.show({ dialog: "none" })}>✕</button></div>
      <div class="ops two" role="radiogroup"
        aria-label="What the link opens">${choose("moment")}${choose("start")}</div>
      ${this.problem ? html`<p class="caption" role="alert">${this.problem}</p>` : nothing}
      <div class="share-row"><input class="mono" readonly aria-label="Link" .value=${this.link && this.address()}
        @focus=${selectAll} /><button class="primary" ?disabled=${!this.link}
        @click=${this.copyLink}>Copy link</button></div>
      <p class="caption">All of it is in the part after the #: nothing is sent to a server. Whoever
        opens it sees the same, to the last message.</p>
      ${this.embedding()}
      <h3>As a file</h3>
      <div class="share-acts">
        <button ?disabled=${!this.moment} @click=${this.download}>Download the run</button>
        <label class="button file-button"><input type="file" accept=".json,application/json" @change=${this.chosen}
          /><span>Open a file…</span></label>
        <span class="caption">or drop one anywhere on the page</span>
      </div>
    `;
  }

  private embedding(): TemplateResult {
    const choice = (name: string, words: string, options: [value: string, words: string][]) =>
      html`<label><span>${words}</span><select name=${name}
      @change=${(e: Event) => this.parameter(name,
      (e.currentTarget as HTMLSelectElement).value)}>${options.map(([value, w]) => html`<option value=${value}
      ?selected=${(this.show[name] ?? "") === value}>${w}</option>`)}</select></label>`;
    return html`
      <h3>In another page</h3>
      <div class="share-choices">
        <label><span>As</span><select name="as" @change=${this.chooseForm}><option
          value="frame">a plain iframe</option><option value="element"
          ?selected=${this.as === "element"}>an element with a script</option></select></label>
        <label><span>Size</span><select name="size"
          @change=${this.chooseSize}>${FRAMES.map((f) =>
          html`<option ?selected=${f === this.frame}>${f.words}</option>`)}</select></label>
        ${choice("controls", "Controls", [["", "all"], ["play", "time only"], ["none", "none"]])}
        ${choice("theme", "Theme", [["", "the system's"], ["light", "light"], ["dark", "dark"]])}
        ${choice("autoplay", "Begins", [["", this.from === "moment" ? "paused" : "playing"], this.from === "moment"
          ? ["1", "playing"] : ["0", "paused"]])}
      </div>
      <div class="share-row"><textarea class="mono" readonly rows="4" aria-label="Code to embed it"
        .value=${this.link && this.code()} @focus=${selectAll}></textarea><button ?disabled=${!this.link}
        @click=${this.copyCode}>Copy code</button></div>
    `;
  }

  // --- what is shared

  /** Takes the moment that is shown. */
  private async take(): Promise<void> {
    this.moment = null;
    this.link = "";
    try {
      this.moment = (await store.askLab((id) => ({ type: "moment", id }))) as Moment;
    } catch (why) {
      this.problem = (why as Error).message;
    }
    await this.write();
  }

  private choose(from: "moment" | "start"): void {
    this.from = from;
    delete this.show["autoplay"];
    void this.write();
  }

  private async write(): Promise<void> {
    if (this.moment) {
      const { run } = this.moment;
      this.problem = "";
      this.link = await (this.from === "moment" ? writeLink(this.moment, seen()) : writeLink({ run, at: 0, hash: "" }))
        .catch((why: Error) => {
        this.problem = why.message;
        return "";
      });
    }
    this.requestUpdate();
  }

  private parameter(name: string, value: string): void {
    if (value === "") delete this.show[name];
    else this.show[name] = value;
    this.requestUpdate();
  }

  private readonly chooseForm = (e: Event): void => {
    this.as = (e.currentTarget as HTMLSelectElement).value === "element" ? "element" : "frame";
    this.requestUpdate();
  };

  private readonly chooseSize = (e: Event): void => {
    this.frame = FRAMES[(e.currentTarget as HTMLSelectElement).selectedIndex] ?? FRAMES[0];
    this.requestUpdate();
  };

  private address(): string {
    return `${new URL(location.pathname, location.href)}#${this.link}`;
  }

  /** HTML for another page. Its values have no characters that HTML would need escaped, except &. */
  private code(): string {
    const { run } = this.moment ?? { run: null };
    const title = `Raft: ${run?.config.servers} servers, seed ${run?.seed}`;
    if (this.as === "frame") {
      const src = `${new URL("embed/", ROOT)}#${withParameters(this.link, this.show)}`.replaceAll("&", "&amp;");
      return `<iframe src="${src}" title="${title}" loading="lazy" allow="fullscreen; clipboard-write"
        style="${this.frame.style}; border: 0"></iframe>`;
    }
    const attributes = Object.entries(this.show).map(([name, value]) => ` ${name}="${value}"`).join("");
    return `<script src="${new URL("raft-playground.js", ROOT)}" async></script>\n<raft-playground
      run="${this.link.replaceAll("&", "&amp;")}"${attributes} title="${title}"
      style="${this.frame.style}"></raft-playground>`;
  }

  private readonly copyLink = (): void => {
    if (document.documentElement.dataset["page"] !== "embed") history.replaceState(null, "", `#${this.link}`);
    this.copy(this.address(), "The link is copied.", "input[readonly]");
  };

  private readonly copyCode = (): void => this.copy(this.code(), "The code is copied.", "textarea");

  /** Copies a text. Without a clipboard it selects the text for the keyboard's own copy. */
  private copy(text: string, done: string, field: string): void {
    const copied = navigator.clipboard?.writeText(text) ?? Promise.reject(new Error("no clipboard"));
    copied.then(
      () => {
        store.notice(done);
        store.show({ dialog: "none" });
      },
      () => {
        this.querySelector<HTMLInputElement | HTMLTextAreaElement>(`.share-dialog ${field}`)?.select();
        this.problem = "This browser does not let the page copy. The text is selected: copy it with the keyboard.";
        this.requestUpdate();
      },
    );
  }

  private readonly download = (): void => {
    if (!this.moment) return;
    const { name, text } = writeFile(this.moment);
    download(name, new Blob([text], { type: "application/json" }));
  };

  // --- what comes in

  private readonly chosen = (e: Event): void => {
    const field = e.currentTarget as HTMLInputElement;
    const file = field.files?.[0];
    field.value = "";
    if (file) void this.open(file);
  };

  private readonly over = (e: DragEvent): void => {
    if (e.dataTransfer?.types.includes("Files")) e.preventDefault();
  };

  private readonly drop = (e: DragEvent): void => {
    const file = e.dataTransfer?.files[0];
    if (!file) return;
    e.preventDefault();
    void this.open(file);
  };

  private async open(file: File): Promise<void> {
    await textOf(file).then(openFile).catch((why: Error) => sayWrong(why));
  }

  /** Clears the address, which does not belong to the open run. */
  private readonly keep = (): void => {
    history.replaceState(null, "", location.pathname + location.search);
    store.show({ dialog: "none" });
  };

  private readonly openDefault = (): void => {
    this.keep();
    void openAddress("", store.pace);
  };

  /**
   * Closes the dialog on Escape. Firefox reports a closed dialog only after it has returned the focus, which
   * draws the page again and reopens a dialog that is still wanted.
   */
  private readonly escaped = (e: Event): void => {
    // giving up a choice of files is a "cancel" event, too
    if (e.target === e.currentTarget) store.show({ dialog: "none" });
  };
}

/** The state of the view for a link: only what differs from the default. */
function seen(): Seen {
  const { dock, panel, selection } = store.view;
  return {
    ...(dock === "logs" ? {} : { dock }),
    ...(panel === null ? {} : { panel }),
    ...(selection?.kind === "server" ? { server: selection.server } : {}),
  };
}

function selectAll(e: Event): void {
  (e.currentTarget as HTMLInputElement).select();
}

customElements.define("raft-share", RaftShare);
