import { html, nothing, type TemplateResult } from "lit";
import { guard } from "lit/directives/guard.js";
import { repeat } from "lit/directives/repeat.js";
import { styleMap } from "lit/directives/style-map.js";
import { cursor } from "../state/cursor.js";
import { RaftElement, sized } from "../view/element.js";
import { noteBox, ring, type Point, type Ring } from "./layout.js";
import { cycleLink, linkMark, linkPairs, sidesCaption, wallMark, type LinkHands } from "./link.js";
import { labelDrop, labelWidth, labelX, nodeLabel, nodeMark, timerTrack, type NodeHands } from "./node.js";
import type { ServerView } from "../model.js";
import { play } from "../view/motion.js";
import { Scene } from "./scene.js";
import { store } from "../state/store.js";
import { NEEDS } from "../header/raft-strips.js";

const MORE_PX = 44; // that the button of a node's menu takes at most
const MORE_UP = 32; // px that it then stands above where it is placed (stage/hands.css)
const PHONE = 600; // px of a stage that is narrower than this: a phone's, page.css
const SIDE_PX = 16; // of a line of what a side of a cut can do, there

/** The stage: servers on a ring, the links between them, and the messages on their way. */
export class RaftStage extends RaftElement {
  protected readonly topics = ["servers", "story", "room", "view", "connection", "lab"] as const;
  protected override readonly calm = 50;

  private size = { width: 0, height: 0 };
  private ring: Ring = ring(0, 0, 1);
  private scene: Scene | null = null;
  private roles = new Map<number, string>();
  private readonly nodeHands: NodeHands = {
    press: (server, by) => this.pressNode(server, by),
    menu: (server) => store.show({ selection: { kind: "server", server }, menu: server }),
  };
  private readonly linkHands: LinkHands = {
    cycle: cycleLink,
    open: (a, b) => store.select({ kind: "link", a, b }),
  };

  protected override attached(gone: AbortSignal): void {
    sized(this, gone, ({ width, height }) => {
      this.size = { width, height };
      this.requestUpdate();
    });
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) this.scene?.back();
    }, { signal: gone });
    store.onBatch((batch) => this.scene?.add(batch), gone);
    gone.addEventListener("abort", () => {
      this.scene?.stop();
      this.scene = null;
    });
  }

  override render(): TemplateResult {
    const waiting = store.room !== null && !store.room.started;
    const sides = waiting ? [] : (store.answers?.sides ?? []);
    this.ring = this.layOut(waiting, store.view.side ? 0 : sides.length);
    const { points, r, compact } = this.ring;
    const links = waiting || !store.room ? [] : linkPairs(store.servers);
    return html`
      <div class="stage-picture notranslate" translate="no" role="group"
        aria-label="The cluster: servers, links and messages">
        <svg width="100%" height="100%">
          <g>${guard(this.linksLook(waiting), () => repeat(links, ([a, b]) => a * 16 + b,
            ([a, b]) => linkMark(a, b, this.ring, this.linkHands)))}</g>
          ${wallMark(sides, this.ring)}
          <g>${repeat(store.servers, (s) => s.server, (s) => timerTrack(s, this.ring))}</g>
        </svg>
        <canvas class="flights" role="img" tabindex="-1" aria-label="No message under way"></canvas>
        <div class="held-messages"></div>
        <svg class="nodes" width="100%" height="100%">
          <defs>
            <pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><line
              class="hatch-line" x1="0" y1="0" x2="0" y2="6" /></pattern>
          </defs>
          <g>${repeat(store.servers, (s) => s.server, (s) => nodeMark(s, this.ring, this.nodeHands))}</g>
        </svg>
      </div>
      <div class="node-labels" aria-hidden="true">
        ${repeat(store.servers, (s) => s.server, (s) => {
          const p = points[s.server - 1];
          if (!p) return nothing;
          const above = s.server === 1 && points.length > 1;
          return html`<div class="node-label ${above ? "above" : ""}"
            style=${styleMap({ left: `${labelX(s, this.ring)}px`,
            top: `${p.y + (above ? -1 : 1) * (r + labelDrop(s, compact))}px` })}>${nodeLabel(s)}</div>`;
        })}
      </div>
      ${store.view.side ? nothing : sidesCaption(sides)}
      ${store.can.deeds ? this.deeds() : nothing}
      ${this.centre(waiting)}
    `;
  }

  /** All that determines how links look: there are up to 36 of them, and they rarely change. */
  private linksLook(waiting: boolean): unknown[] {
    return [waiting, this.ring, store.room?.links, store.view.selection,
      store.servers.map((s) => `${s.server} ${s.seat}`).join()];
  }

  /** For deeds: the selected server's menu, the cut being chosen, and the undo of the last deed. */
  private deeds(): TemplateResult {
    const { selection, menu } = store.view;
    const at = this.more();
    return html`
      ${selection?.kind === "server" && at
        ? html`<button class="node-more" style=${styleMap({ left: `${at.x}px`, top: `${at.y}px` })}
            aria-haspopup="menu" aria-expanded=${menu === selection.server ? "true" : "false"}
            aria-label="What can be done to S${selection.server}" title="M: what can be done to S${selection.server}"
              @click=${() => store.show({ menu: menu === null ? selection.server : null })}>…</button>`
        : nothing}
      <raft-node-menu></raft-node-menu><raft-cut></raft-cut><raft-undo></raft-undo>`;
  }

  /** Where the button of the selected server's menu is; null if there is none. */
  private more(): Point | null {
    const { selection } = store.view;
    const p = selection?.kind === "server" ? this.ring.points[selection.server - 1] : undefined;
    if (!p || !store.can.deeds) return null;
    const { r } = this.ring;
    return { x: Math.min(p.x + r * 0.75, this.size.width - MORE_PX), y: p.y - r * 0.75 };
  }

  private pressNode(server: number, by: "pointer" | "key"): void {
    const { selection, side, panel } = store.view;
    const selected = selection?.kind === "server" && selection.server === server;
    if (store.server(server)?.seat === "empty") window.open(store.link, "_blank", "noopener");
    else if (side) store.show({ side: side.includes(server) ? side.filter((s) => s !== server)
      : [...side, server].sort() });
    else if (selected && by === "key" && store.can.deeds) {
      // Wait for keyup: otherwise the same press would choose from the menu.
      document.addEventListener("keyup", () => store.show({ menu: server }), { once: true });
    }
    else store.select(selected && (panel === null || panel === "node") ? null : { kind: "server", server });
  }

  /** Timers and messages move without a new drawing of the stage. */
  protected override slice(): unknown {
    const node = ({ server, seat, self, hidden, machine, tally, report: r }: ServerView) => [server, seat, self, hidden,
      machine, tally, r && [r.role, r.term, r.votes, r.timer === null, r.lastIndex, r.lastTerm, r.commitIndex,
      machine && [r.appliedIndex, r.stateHash]]];
    return [store.boot, store.room, store.servers.map(node), store.answers?.sides, store.lab?.properties,
      cursor(store).servers];
  }

  protected override updated(): void {
    const picture = this.querySelector<HTMLElement>(".stage-picture");
    if (!picture) return;
    this.style.setProperty("--r", `${this.ring.r}px`);
    this.classList.toggle("compact", this.ring.compact);
    this.scene ??= new Scene(picture, store);
    this.scene.layOut(this.full());
    this.placeNote();
    this.celebrate();
  }

  /** The ring with everything that words must not cover: the names, and the button of a server's menu. */
  private full(): Ring {
    const at = this.more();
    if (!at) return this.ring;
    const top = at.y - MORE_UP;
    const button = { left: at.x - 4, right: at.x - 4 + MORE_PX, top, bottom: top + MORE_PX };
    return { ...this.ring, names: [...this.ring.names, button] };
  }

  /** Places a note for a moment where no server is. */
  private placeNote(): void {
    const { notice, undo } = store.view;
    const said = notice || (undo ? `${undo.text} Undo      ` : "");
    if (!said || this.size.width === 0) return;
    const frame = this.getBoundingClientRect();
    const taken = [...this.querySelectorAll(".sides, .cut-chooser > div, .waiting")]
      .map((e) => e.getBoundingClientRect())
      .map((b) => ({ left: b.left - frame.left, right: b.right - frame.left, top: b.top - frame.top,
      bottom: b.bottom - frame.top }));
    const { left, top, right } = noteBox(said.length, this.full(), taken);
    for (const [name, px] of Object.entries({ left, top, width: right - left }))
      this.parentElement?.style.setProperty(`--note-${name}`, `${px}px`);
  }

  /** The pointer drags a held message; null: it is released. */
  carry(seq: number, to: PointerEvent | null): void {
    this.scene?.carry(seq, to);
  }

  /**
   * Lays out the ring, which leaves room for the invitation while the room waits, and on a phone for the
   * words on each side of a cut.
   */
  private layOut(waiting: boolean, sidesOfCut: number): Ring {
    const { width, height } = this.size;
    const n = store.room?.size ?? Math.max(3, store.servers.length);
    if (!waiting) return ring(width, height, n, { right: 0, bottom: 0, top: width < PHONE && sidesOfCut > 0
      ? sidesOfCut * SIDE_PX + 6 : 0 });
    const names = Math.max(92, ...store.servers.map(labelWidth));
    if (width >= 640 || height < 400) return ring(width, height, n, { right: 320, bottom: 0, names });
    return ring(width, height, n, { right: 0, bottom: 268, names });
  }

  private centre(waiting: boolean): TemplateResult | typeof nothing {
    if (store.boot.state === "failed" && store.servers.length === 0) {
      return html`<div class="stage-message" role="alert">
        <p class="lead">Your browser could not start the cluster.</p>
        <p>${NEEDS} ${store.boot.detail}</p>
        <button class="primary" @click=${() => location.reload()}>Try again</button>
      </div>`;
    }
    if (store.boot.state === "no room") {
      return html`<div class="stage-message" role="alert">
        <p class="lead">This address names no room.</p>
        <p>A room's page is r/ and a code of 4 to 32 letters, digits and hyphens.</p>
        <a class="button primary" href=${new URL("../new", import.meta.url).href}>Open a new room</a>
      </div>`;
    }
    return waiting ? html`<raft-waiting></raft-waiting>` : nothing;
  }

  /** A new leader is the only event that the stage celebrates: one ring that expands. */
  private celebrate(): void {
    for (const s of store.servers) {
      const role = s.seat === "connected" ? (s.report?.role ?? "") : s.seat;
      const before = this.roles.get(s.server);
      this.roles.set(s.server, role);
      if (role !== "leader" || before === undefined || before === "leader") continue;
      const ring = this.querySelector(`.node[data-server="${s.server}"] .flash`);
      play(ring, [{ opacity: 0.8, transform: "scale(1)" }, { opacity: 0, transform: "scale(1.8)" }], 480);
    }
  }
}

customElements.define("raft-stage", RaftStage);
