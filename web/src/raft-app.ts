import { html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { works, type Capability } from "./state/capabilities.js";
import { RaftElement } from "./view/element.js";
import { keyList, keysOf, noteFocus, onKey } from "./view/keys.js";
import { placeMenus } from "./view/menu.js";
import { asItIs } from "./view/motion.js";
import { store, type Dock, type Panel } from "./state/store.js";
import { tabList } from "./view/tabs.js";
import "./client/raft-client.js";
import "./header/raft-header.js";
import "./inspector/raft-inspector.js";
import "./log/raft-log-grid.js";
import "./stage/raft-stage.js";
import "./story/raft-headline.js";
import "./story/raft-story.js";
import "./header/raft-strips.js";
import "./time/raft-time-line.js";
import "./time/raft-transport.js";

/** The tabs of a room on narrow screens. */
const ROOM_TABS: { panel: Panel; words: string }[] = [
  { panel: "story", words: "Story" },
  { panel: "log", words: "Log" },
  { panel: "node", words: "Node" },
  { panel: "client", words: "Client" },
  { panel: "time", words: "Time" },
];

/** Created once and kept: a study goes on while another panel is open, and its results stay. */
const STUDIES = document.createElement("raft-studies");

/** A view that may need a capability. */
interface Part {
  words: string;
  needs?: Capability;
  view: TemplateResult;
}

/** The right column's panels, one at a time; a room has others. On narrow screens each is a sheet. */
const SIDES: (Part & { panel: Panel })[] = [
  { panel: "node", words: "Inspect", view: html`<raft-inspector></raft-inspector>` },
  { panel: "faults", words: "Faults", needs: "deeds", view: html`<raft-faults></raft-faults>` },
  { panel: "client", words: "Client", view: html`<raft-client></raft-client>` },
  { panel: "rules", words: "Rules", needs: "rules", view: html`<raft-rules></raft-rules>` },
  { panel: "studies", words: "Studies", needs: "runs", view: html`${STUDIES}` },
];

/** The views that can be shown below the stage. */
const DOCKS: (Part & { dock: Dock })[] = [
  { dock: "logs", words: "Logs", view: html`<raft-log-grid role="tabpanel" aria-label="Logs"></raft-log-grid>` },
  {
    dock: "diagram", words: "Diagram", needs: "seek",
    view: html`<raft-diagram role="tabpanel" aria-label="Diagram"></raft-diagram>`,
  },
  {
    dock: "inboxes", words: "Inboxes", needs: "frames",
    view: html`<raft-inboxes role="tabpanel" aria-label="Inboxes"></raft-inboxes>`,
  },
  {
    dock: "history", words: "History", needs: "runs",
    view: html`<raft-client-history role="tabpanel" aria-label="History"></raft-client-history>`,
  },
  {
    dock: "comparison", words: "Comparison", needs: "runs",
    view: html`<raft-comparison role="tabpanel" aria-label="Comparison"></raft-comparison>`,
  },
];

const LOGS = { least: 160, most: 400 }; // px between which the logs' height can be dragged

const JUMP_MS = 200; // for which another moment is drawn without transitions

const ONE_COLUMN = matchMedia("(min-width: 900px) and (max-width: 1199px) and (min-height: 640px)"); // as in page.css

/** The page: its regions, and which of them are open. The style sheet places them. */
export class RaftApp extends RaftElement {
  protected readonly topics = ["view", "room"] as const;
  protected override readonly inShell = true;

  private jumped: ReturnType<typeof setTimeout> | undefined;

  protected override attached(gone: AbortSignal): void {
    document.addEventListener("keydown", onKey, { signal: gone });
    document.addEventListener("focusin", noteFocus, { signal: gone });
    addEventListener("resize", placeMenus, { signal: gone });
    ONE_COLUMN.addEventListener("change", () => this.requestUpdate(), { signal: gone });
    store.onBatch((batch) => {
      if (batch.moment) this.jump();
    }, gone);
    gone.addEventListener("abort", () => clearTimeout(this.jumped));
  }

  /** Draws another moment at once, without transitions from what was drawn before. */
  private jump(): void {
    asItIs();
    this.toggleAttribute("data-jumped", true);
    clearTimeout(this.jumped);
    this.jumped = setTimeout(() => this.toggleAttribute("data-jumped", false), JUMP_MS);
  }

  override render(): TemplateResult {
    const { runs, seats } = store.can;
    return html`
      <header class="region bar"><raft-header></raft-header></header>
      <raft-strips></raft-strips>
      <raft-caption class="region"></raft-caption>
      <main class="region stage" aria-label="Stage">
        <raft-stage></raft-stage>${runs ? html`<raft-violation></raft-violation>` : nothing}${this.notice()}
      </main>
      <nav class="tabs" aria-label="Panels">
        ${(seats ? ROOM_TABS : tabs()).map((t) => this.tab(t.panel, t.words))}
        ${runs ? html`<button class="tab tab-menu" popovertarget="page-menu"
          title="Another run, the gallery, sharing">Menu</button>` : nothing}
      </nav>
      <section class="region story"
        aria-label="Story"><raft-headline></raft-headline><raft-story></raft-story></section>
      <section class="region logs" aria-label="Logs">
        ${this.handle()}${docks().length > 1 ? this.dock() : html`<raft-log-grid></raft-log-grid>`}
      </section>
      <div class="region right">${seats ? this.roomSide() : this.side()}</div>
      <section class="region time"
        aria-label="Time"><raft-transport></raft-transport><raft-time-line></raft-time-line></section>
      <raft-live-region></raft-live-region>
      ${this.keys()}
      ${runs ? html`<raft-share></raft-share><raft-gallery></raft-gallery>` : nothing}
    `;
  }

  private roomSide(): TemplateResult {
    return html`
      <section class="node-panel" aria-label="Inspector"><raft-inspector></raft-inspector></section>
      <section class="client-panel" aria-label="Client"><raft-client></raft-client></section>
      <section class="room-panel" aria-label="Room"><raft-room-link></raft-room-link></section>`;
  }

  private side(): TemplateResult {
    const open = openSide() ?? SIDES[0];
    return html`
      ${tabList("side-tabs", "Right column", sides(), open, ({ panel }) => store.show({ panel }))}
      <section class="side-panel side-${open?.panel}" role="tabpanel"
        aria-label=${open?.words ?? ""}>${open?.view}</section>`;
  }

  private dock(): TemplateResult {
    const all = docks();
    const open = all.find((d) => d.dock === store.view.dock) ?? all[0];
    return html`
      ${tabList("dock-tabs", "Below the stage", all, open, ({ dock }) => store.show({ dock }))}
      ${open?.view}`;
  }

  protected override updated(changed: PropertyValues): void {
    super.updated(changed);
    this.dataset["panel"] = store.view.panel ?? "auto";
    this.toggleAttribute("data-lab", !store.can.seats);
    this.toggleAttribute("data-side", openSide() !== undefined);
    this.toggleAttribute("data-no-story", store.view.storyHidden);
    this.toggleAttribute("data-no-inspector", store.view.inspectorHidden);
    this.toggleAttribute("data-waiting", store.room !== null && !store.room.started);
    this.style.setProperty("--logs", `${store.view.logsHeight ?? logsHeight(store.room?.size ?? 3)}px`);
    const dialog = this.querySelector("dialog");
    if (store.view.keys && dialog && !dialog.open) dialog.showModal();
    if (!store.view.keys && dialog?.open) dialog.close();
  }

  /**
   * The upper edge of the logs can be dragged, or moved by the arrow keys; a double click or Home restores
   * the height that the servers need.
   */
  private handle(): TemplateResult {
    const height = store.view.logsHeight ?? logsHeight(store.room?.size ?? 3);
    const set = (px: number) => store.show({ logsHeight: Math.max(LOGS.least, Math.min(LOGS.most, Math.round(px))) });
    const drag = (e: PointerEvent) => {
      const handle = e.currentTarget as HTMLElement;
      if (!handle.hasPointerCapture(e.pointerId)) return;
      const bottom = handle.parentElement?.getBoundingClientRect().bottom ?? 0;
      set(bottom - e.clientY);
    };
    const key = keysOf("edge", { higher: () => set(height + 16), lower: () => set(height - 16),
      reset: () => store.show({ logsHeight: null }) });
    return html`<div class="logs-handle" role="separator" tabindex="0" aria-orientation="horizontal"
      aria-label="Height of the logs" aria-valuemin=${LOGS.least} aria-valuemax=${LOGS.most} aria-valuenow=${height}
      title="Drag, or arrow keys; double click to reset"
        @pointerdown=${(e: PointerEvent) => (e.currentTarget as HTMLElement).setPointerCapture(e.pointerId)}
        @pointermove=${drag} @dblclick=${() => store.show({ logsHeight: null })} @keydown=${key}></div>`;
  }

  private tab(panel: Panel, words: string): TemplateResult {
    const open = isOpen(panel);
    return html`<button class="tab tab-${panel}" aria-pressed=${open ? "true" : "false"}
      @click=${() => store.show({ panel: open ? "none" : panel })}>${words}</button>`;
  }

  private notice(): TemplateResult {
    return html`<div class="notice-place" role="status">${store.view.notice
      ? html`<p class="notice">${store.view.notice}</p>` : nothing}</div>`;
  }

  private keys(): TemplateResult {
    return html`<dialog class="keys-dialog" aria-labelledby="keys-title" @cancel=${() => store.show({ keys: false })}>
      <div class="row-between"><h2 id="keys-title">Keys</h2><button class="small"
        @click=${() => store.show({ keys: false })}>Close</button></div>
      <p class="caption">Tab goes to every server, to every link, and into each list once.</p>
      <div class="keys-places">${store.view.keys
        ? keyList().map((p) => html`<section><h3>${p.words}</h3><dl
        class="keys">${p.keys.map((k) =>
        html`<div><dt>${k.shown.map((s) => html`<kbd>${s}</kbd> `)}</dt><dd>${k.words}</dd></div>`)}</dl></section>`)
        : nothing}</div>
    </dialog>`;
  }
}

const sides = (): typeof SIDES => SIDES.filter((s) => works(store.can, s));

const docks = (): typeof DOCKS =>
  DOCKS.filter((d) => works(store.can, d) && (d.dock !== "comparison" || store.view.compared));

/** The tabs on narrow screens. The style sheet decides which of them are shown. */
const tabs = (): typeof ROOM_TABS => [
  { panel: "story", words: "Story" },
  { panel: "log", words: "Log" },
  ...sides(),
  { panel: "time", words: "Time" },
];

/** The chosen panel of the right column; undefined if none was chosen. */
const openSide = (): (typeof SIDES)[number] | undefined => sides().find((s) => s.panel === store.view.panel);

/** Whether a panel is open. In a tablet's single column the story shows when nothing else does (page.css). */
function isOpen(panel: Panel): boolean {
  const chosen = store.view.panel;
  if (panel === "story" && ONE_COLUMN.matches) return openSide() === undefined;
  return chosen === panel;
}

/** The log grid's height in px for so many servers. */
function logsHeight(servers: number): number {
  if (servers >= 9) return 62 + servers * 22;
  if (servers >= 7) return 62 + servers * 27;
  return 66 + servers * 31;
}

customElements.define("raft-app", RaftApp);
