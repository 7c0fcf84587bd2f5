import { html, type TemplateResult } from "lit";
import { RaftElement } from "../view/element.js";
import { mended } from "../stage/link.js";
import { store } from "../state/store.js";
import { cutAt } from "../stage/raft-cut.js";

/** What a first-time visitor can do with the cluster. */
export class RaftTry extends RaftElement {
  protected readonly topics = ["servers", "room"] as const;
  protected override readonly calm = 200;

  override render(): TemplateResult {
    const { leader } = store;
    const size = store.servers.length;
    const cut = store.room?.links.some((l) => !l.up) ?? false;
    const down = store.servers.filter((s) => s.machine?.state === "down"); // one whose disk is damaged would not start
    const half = store.answers?.half ?? [];
    const rivals = store.answers?.rivals ?? [];
    return html`
      <h2>Try this</h2>
      <ul class="try">
        <li><button ?disabled=${!leader} @click=${() => leader && store.act([{ do: "crash", server: leader.server }],
          `S${leader.server} crashed.`)}>Crash the leader</button></li>
        ${down.length > 0 ? html`<li><button
          @click=${() => void store.act(down.map((s) =>
          ({ do: "restart", server: s.server })))}>Restart what is down</button></li>` : ""}
        <li>${cut ? html`<button @click=${() => void store.act([mended()])}>Mend the network</button>`
          : html`<button ?disabled=${half.length === 0} @click=${() => cutAt(half)}>Cut the network${half.length > 0
          ? ` ${size - half.length} | ${half.length}` : ""}</button>`}</li>
        <li><button ?disabled=${rivals.length < 2}
          @click=${() => void store.act(rivals.map((server) =>
          ({ do: "campaign", server })))}>Make two servers run at once</button></li>
      </ul>
      <p class="caption">Or press a server, a message or a link on the stage.</p>`;
  }
}

customElements.define("raft-try", RaftTry);
