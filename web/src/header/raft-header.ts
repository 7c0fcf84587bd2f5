import { html, nothing, type TemplateResult } from "lit";
import { RaftElement } from "../view/element.js";
import { menu } from "../view/menu.js";
import { same } from "../view/numbers.js";
import { store } from "../state/store.js";
import { switchTheme } from "../view/theme.js";
import { plural, seconds } from "../view/words.js";

/** The name, the room or the run, and the most important facts. */
export class RaftHeader extends RaftElement {
  protected readonly topics = ["servers", "room", "connection", "lab", "clock", "view"] as const;
  protected override readonly inShell = true;
  protected override readonly calm = 200;

  private relay = false; // the server of this page also has rooms

  override connectedCallback(): void {
    super.connectedCallback();
    if (store.can.seats || document.documentElement.dataset["page"] === "embed") return;
    void hasRooms().then((has) => {
      this.relay = has;
      this.requestUpdate();
    });
  }

  override render(): TemplateResult {
    const { runs, seats } = store.can;
    return html`
      <h1>${seats ? html`<a href="../" title="To the lab">Raft playground</a>` : "Raft playground"}</h1>
      <span class="where caption">${this.where()}</span>
      ${store.behind > 0 ? html`<span class="looking mono">Looking at ${seconds(store.now())} s</span>` : nothing}
      <dl class="headline-facts">${store.room ? this.facts() : nothing}</dl>
      ${runs ? this.outward("quiet wide") : nothing}
      ${menu("page-menu", `${runs ? "Another run, what" : "What"} is seen of the page, its keys`, "quiet", "Menu ▾",
        this.menu())}
      ${runs ? shareButton("wide") : nothing}
      ${seats ? html`<button class="share" @click=${() => store.copyLink()}>Share</button>` : nothing}
    `;
  }

  /** Links to elsewhere. On narrow screens they are in the menu, which may be among the tabs. */
  private outward(kind: string): TemplateResult {
    return html`${this.relay ? html`<a class="button ${kind}" href="new?size=${store.room?.size ?? 3}"
      title="A room with real servers: open it in several tabs, and each runs one">Make it real</a>` : nothing}
      <button class=${kind} @click=${() => store.show({ dialog: "gallery" })}>Gallery</button>`;
  }

  private menu(): TemplateResult {
    const { runs, seats } = store.can;
    const { storyHidden, inspectorHidden } = store.view;
    const way = (words: string, key: string, act: () => void, kind = "") => html`<button class="quiet ${kind}"
      @click=${act}>${words} <kbd>${key}</kbd></button>`;
    const another = html`<raft-new-run></raft-new-run>${this.outward("quiet narrow")}${shareButton("quiet narrow")}`;
    return html`${runs && store.lab ? another : nothing}
      ${way(`${storyHidden ? "Show" : "Hide"} the story`, "[", () => store.show({ storyHidden: !storyHidden }),
        "side-switch")}
      ${way(`${inspectorHidden ? "Show" : "Hide"} the inspector`, "]",
        () => store.show({ inspectorHidden: !inspectorHidden }), "side-switch")}
      ${seats ? html`<a class="button quiet" href="../">To the lab</a>` : nothing}
      ${way("Light or dark", "T", switchTheme)}
      ${way("Keys", "?", () => store.show({ keys: true }))}`;
  }

  protected override slice(): unknown {
    const lab = store.lab && [store.lab.seed, store.lab.properties.map((p) => p.broken !== null), store.behind > 0 &&
      seconds(store.now())];
    return [store.boot, store.connection.state, store.self.server, store.room, lab, store.term,
      store.servers.map((s) => [s.seat, s.machine?.state, s.machine?.member, s.report?.role === "leader" ? s.report.term
      : null]), store.answers?.majority];
  }

  private where(): string {
    const { boot } = store;
    if (boot.state === "loading" && boot.fraction < 1)
      return `Loading the cluster… ${Math.round(boot.fraction * 100)} %`;
    if (store.can.runs) return runWords();
    if (boot.state !== "running" && boot.state !== "loading") return "";
    if (store.connection.state === "connecting") return "Joining the room…";
    const who = store.self.server ? `you are S${store.self.server}` : store.room ? "you are watching" : "not in it yet";
    const watchers = store.room && store.room.watchers > 0 ? ` · ${store.room.watchers} watching` : "";
    return `Room ${store.code} · ${who}${watchers}`;
  }

  private facts(): TemplateResult {
    const { term } = store;
    const majority = store.answers?.majority;
    const [leader, ...older] = store.leaders;
    const lost = majority?.decides === false && store.room?.started;
    return html`
      <div><dt>Term</dt><dd>${term}</dd></div>
      <div><dt>Leader</dt><dd>${leader ? `S${leader.server}` : "none"}${leader?.report &&
        !same(leader.report.term, term) ? html`<span class="of-term"> in term ${leader.report.term}</span>` : nothing}
        ${older.map((o) => html`<span class="of-term" title="It has not heard yet that its term is over."> · S${
          o.server} in term ${o.report?.term}</span>`)}</dd></div>
      <div class="quorum ${lost ? "lost" : ""}"
        title=${majority?.rule ?? nothing}><dt>Quorum</dt><dd>${majority?.together}${lost
        ? html`<span class="quorum-lost">: nothing can commit</span>` : nothing}</dd></div>
      ${this.safety()}
    `;
  }

  /** How many of the safety properties have held up to the moment that is shown. */
  private safety(): TemplateResult | typeof nothing {
    const { lab } = store;
    if (!lab || lab.properties.length === 0) return nothing;
    const held = lab.properties.filter((p) => !p.broken).length;
    const broken = held < lab.properties.length;
    return html`<div><dt>Safety</dt><dd><button class="safety ${broken ? "broken" : ""}"
      aria-label="${held} of ${lab.properties.length} safety properties hold"
      title="What Raft promises, and the rules that it rests on"
      @click=${() => store.show({ panel: "rules", inspectorHidden: false })}><b>${broken ? "✕"
      : "✓"} ${held} of ${lab.properties.length}</b></button></dd></div>`;
  }
}

const shareButton = (kind: string): TemplateResult => html`<button class=${kind}
  @click=${() => store.show({ dialog: "share" })}>Share</button>`;

function runWords(): string {
  const size = store.room?.size ?? 0;
  return store.lab ? `Lab · ${plural(size, "server")} · seed ${store.lab.seed}` : "";
}

/** Asked once: a static copy of the page has no rooms. */
async function hasRooms(): Promise<boolean> {
  try {
    const answer = await fetch("healthz", { headers: { Accept: "application/json" } });
    return answer.ok && ((await answer.json()) as { status?: unknown }).status === "ok";
  } catch {
    return false;
  }
}

customElements.define("raft-header", RaftHeader);
