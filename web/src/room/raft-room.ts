import { html, nothing, svg, type TemplateResult } from "lit";
import { RaftElement } from "../view/element.js";
import { mended, turned } from "../stage/link.js";
import type { ServerView } from "../model.js";
import { store } from "../state/store.js";
import { cutState, diskWords } from "../view/words.js";

const SIZES = [3, 5, 7]; // of another room that can be opened instead

/** The way into the room: its link, its QR code, another tab. */
export class RaftRoomLink extends RaftElement {
  protected readonly topics = ["connection", "room"] as const;

  override render(): TemplateResult {
    const who = store.self.server ? `Your tab runs S${store.self.server}.` : store.room ? "You are watching." : "";
    return html`
      <h2>This room</h2>
      <p class="caption">${who} Any browser that opens the link takes a free seat.</p>
      <div class="room-way">${qrCode()}<div class="room-acts"><a href=${store.link} target="_blank"
        rel="noopener">${address()}</a><a class="button" href=${store.link} target="_blank"
        rel="noopener">Open another tab</a><button @click=${() => store.copyLink()}>Copy link</button></div></div>
      <p class="caption room-home"><a class="linked"
        href="../">To the lab</a>: the simulated cluster, with its time line and its faults.</p>
    `;
  }
}

/** The room's link as text. If it is too long for a line, it breaks before the room's own name. */
function address(): TemplateResult {
  const [, host, room] = /^(?:https?:\/\/)?(.*\/)?(r\/.*)$/.exec(store.link) ?? ["", "", store.link];
  return html`${host}<wbr>${room}`;
}

/** The invitation on the stage while seats are free and nothing has started. */
export class RaftWaiting extends RaftElement {
  protected readonly topics = ["connection", "room", "servers"] as const;

  override render(): TemplateResult {
    const size = store.room?.size ?? 3;
    const here = store.servers.filter((s) => s.seat === "connected").length;
    return html`<div class="waiting">
      <p class="lead">${here} of ${size} tabs here. Open another tab, or scan.</p>
      ${qrCode()}
      <div class="waiting-acts">
        <a class="button primary" href=${store.link} target="_blank" rel="noopener">Open another tab</a>
        <a class="address" href=${store.link} target="_blank"
          rel="noopener">${address()}</a>
        ${store.answers?.majority.decides
          ? html`<button @click=${() => store.changeClock({ start: true })}>Start now with ${here} of ${size}</button>`
          : nothing}
        <p class="caption">Another size: ${SIZES.filter((n) => n !== size)
          .map((n, i) => html`${i > 0 ? ", " : nothing}<a class="linked"
          href="../new?size=${n}">a room for ${n}</a>`)}. Or <a class="linked" href="../">back to the lab</a>.</p>
      </div>
    </div>`;
  }
}

/** What to try in a room while nothing is selected. */
export class RaftRoomTry extends RaftElement {
  protected readonly topics = ["servers", "room", "clock"] as const;
  protected override readonly calm = 150;

  override render(): TemplateResult {
    const { leader } = store;
    const cut = store.room?.links.some((l) => !l.up) ?? false;
    const size = store.room?.size ?? 3;
    const half = store.answers?.half ?? [];
    const slow = store.pace <= 0.02;
    return html`
      <h2>Try this</h2>
      <ul class="try">
        <li><button ?disabled=${!leader} @click=${crashLeader}>Crash the leader</button></li>
        <li>
          ${cut ? html`<button @click=${() => store.act([mended()])}>Heal the network</button>`
            : html`<button ?disabled=${size < 3 || !store.room?.started} @click=${() => store.act([{ do: "partition",
            servers: half }])}>Cut the network${half.length > 0
              ? ` ${store.servers.length - half.length} | ${half.length}` : ""}</button>`}
        </li>
        <li><button ?disabled=${!store.room?.started} @click=${() => store.setRate(slow ? 1 : 0.01)}>${slow
          ? "Watch it in real time" : "Watch it in slow motion"}</button></li>
      </ul>
    `;
  }
}

/** What can be done in a room to the selected server. */
export class RaftRoomDeeds extends RaftElement {
  protected readonly topics = ["servers", "view", "room"] as const;
  protected override readonly calm = 150;

  override render(): TemplateResult | typeof nothing {
    const { selection } = store.view;
    const view = selection?.kind === "server" ? store.server(selection.server) : undefined;
    return view ? this.deeds(view) : nothing;
  }

  /** A deed that is impossible from here stays in its place, with the reason. */
  private deeds(s: ServerView): TemplateResult {
    const others = store.servers.filter((o) => o.server !== s.server);
    const cut = others.every((o) => cutState(store.room?.links ?? [], s.server, o.server) === "cut");
    const write = () => void store.request("put", "x", "1", s.server).catch((why: Error) => store.notice(why.message));
    const here = s.seat === "connected";
    return html`<div class="buttons wrap">
        ${s.self ? html`<button @click=${() => location.reload()}>Crash: reload this tab</button>`
          : html`<button aria-disabled="true" aria-describedby="crash-why">Crash</button>`}
        <button @click=${() => isolate(s.server, cut)}>${cut ? "Reconnect" : "Cut off"}</button>
        <button ?disabled=${!here} @click=${write}>Send write</button>
      </div>
      ${s.self ? html`<p class="caption">Its memory is lost; its disk (${diskWords(s)}) is kept.</p>`
        : html`<p class="caption" id="crash-why">${here ? "Close its tab to crash it."
        : "Its tab is closed. Open the room's link there to restart it."}</p>`}`;
  }
}

/** Cuts or mends every link of a server, by a single deed if no other link is cut. */
function isolate(server: number, up: boolean): void {
  const elsewhere = store.room?.links.some((l) => !l.up && l.from !== server && l.to !== server) ?? false;
  const others = store.servers.map((s) => s.server).filter((s) => s !== server);
  void store.act(elsewhere ? others.flatMap((o) => turned(server, o, up ? "whole" : "cut"))
    : [up ? mended() : { do: "partition", servers: [server] }]);
}

/** Only its own tab can crash a server: for another tab's the inspector explains how. */
function crashLeader(): void {
  const { leader } = store;
  if (!leader) return;
  if (leader.self) location.reload();
  else store.select({ kind: "server", server: leader.server });
}

/** Dark modules on white in either theme, because cameras expect that. */
function qrCode(): TemplateResult | typeof nothing {
  const qr = store.qr;
  if (!qr) return nothing;
  let path = "";
  qr.rows.forEach((row, y) => {
    for (const run of row.matchAll(/1+/g)) path += `M${run.index} ${y}h${run[0].length}v1h-${run[0].length}z`;
  });
  const quiet = 3;
  const side = qr.size + 2 * quiet;
  return html`<svg class="qr" role="img" aria-label="QR code of the room's link"
    viewBox="${-quiet} ${-quiet} ${side} ${side}" width="160"
    height="160">${svg`<rect class="qr-field" x=${-quiet} y=${-quiet} width=${side} height=${side} /><path
    class="qr-dark" d=${path} />`}</svg>`;
}

customElements.define("raft-room-link", RaftRoomLink);
customElements.define("raft-waiting", RaftWaiting);
customElements.define("raft-room-try", RaftRoomTry);
customElements.define("raft-room-deeds", RaftRoomDeeds);
