import { html, nothing, svg, type TemplateResult } from "lit";
import { RaftElement } from "./element.js";
import { store } from "./store.js";

const SIZES = [3, 5, 7]; // of another room that one may open instead

/** The way into the room: its link, its QR code, another tab. */
export class RaftRoomLink extends RaftElement {
  protected readonly topics = ["connection", "room"] as const;

  override render(): TemplateResult {
    const who = store.self.server ? `Your tab runs S${store.self.server}.` : store.room ? "You are watching." : "";
    return html`
      <h2>This room</h2>
      <p class="caption">${who} Any browser that opens the link takes a free seat.</p>
      <div class="room-way">${qrCode()}<div class="room-acts"><a href=${store.link} target="_blank" rel="noopener">${store.link.replace(/^https?:\/\//, "")}</a><a class="button" href=${store.link} target="_blank" rel="noopener">Open another tab</a><button @click=${copyLink}>Copy link</button></div></div>
      <p class="caption room-home"><a class="linked" href="../">To the lab</a>: the simulated cluster, with its time line and its faults.</p>
    `;
  }
}

/** The invitation on the stage while seats are free and nothing has started (LOOK §11). */
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
        <a class="address" href=${store.link} target="_blank" rel="noopener">${store.link.replace(/^https?:\/\//, "")}</a>
        ${store.answers?.majority.decides ? html`<button @click=${() => store.change({ start: true })}>Start now with ${here} of ${size}</button>` : nothing}
        <p class="caption">Another size: ${SIZES.filter((n) => n !== size).map((n, i) => html`${i > 0 ? ", " : nothing}<a class="linked" href="../new?size=${n}">a room for ${n}</a>`)}. Or <a class="linked" href="../">back to the lab</a>.</p>
      </div>
    </div>`;
  }
}

/** Dark modules on white in either theme: cameras want that. */
function qrCode(): TemplateResult | typeof nothing {
  const qr = store.qr;
  if (!qr) return nothing;
  let path = "";
  qr.rows.forEach((row, y) => {
    for (const run of row.matchAll(/1+/g)) path += `M${run.index} ${y}h${run[0].length}v1h-${run[0].length}z`;
  });
  const quiet = 3;
  const side = qr.size + 2 * quiet;
  return html`<svg class="qr" role="img" aria-label="QR code of the room's link" viewBox="${-quiet} ${-quiet} ${side} ${side}" width="160" height="160">${svg`<rect class="qr-field" x=${-quiet} y=${-quiet} width=${side} height=${side} /><path class="qr-dark" d=${path} />`}</svg>`;
}

export function copyLink(): void {
  const copied = navigator.clipboard?.writeText(store.link) ?? Promise.reject(new Error("no clipboard"));
  copied.then(
    () => store.notice("The room's link is copied."),
    () => store.notice(`Copy it from here: ${store.link}`),
  );
}

customElements.define("raft-room-link", RaftRoomLink);
customElements.define("raft-waiting", RaftWaiting);
