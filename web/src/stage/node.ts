import { html, nothing, svg, type SVGTemplateResult, type TemplateResult } from "lit";
import { cursor } from "../state/cursor.js";
import { keysOf } from "../view/keys.js";
import { inside, voteDot, type Ring } from "./layout.js";
import { cellAt, isUntold } from "../log/logs.js";
import type { ServerView, U64 } from "../model.js";
import { less, most, plus, same, slot } from "../view/numbers.js";
import { store } from "../state/store.js";
import { nodeWords, roleWords } from "../view/words.js";

/** What the stage does for a node. */
export interface NodeHands {
  press: (server: number, by: "pointer" | "key") => void;
  menu: (server: number) => void;
}

/**
 * A server on the stage: its role is the shape, its term the colour and the number, its election
 * timer the arc.
 */
export function nodeMark(view: ServerView, ring: Ring, hands: NodeHands): SVGTemplateResult | typeof nothing {
  const p = ring.points[view.server - 1];
  if (!p) return nothing;
  const { r } = ring;
  const role = view.seat !== "connected" ? view.seat : view.report ? view.report.role : "starting";
  const { selection, side } = store.view;
  const selected = selection?.kind === "server" && selection.server === view.server;
  const pressed = side ? side.includes(view.server) : selected;
  const key = keysOf("node", { press: (by) => (by === " " && selected && !side ? false
    : hands.press(view.server, "key")), menu: () => hands.menu(view.server) });
  const menu = (e: MouseEvent) => {
    if (!store.can.deeds) return;
    e.preventDefault();
    hands.menu(view.server);
  };
  const state = [role, selected ? "selected" : "", cursor(store).servers.includes(view.server) ? "lit" : "",
    isBroken(view.server) ? "broken" : "", side?.includes(view.server) ? "chosen" : ""];
  return svg`<g class="node t${slot(view.report?.term ?? 0)} ${state.join(" ")}" data-server=${view.server}
    data-machine=${view.machine?.state ?? nothing} data-member=${view.machine?.member ?? nothing}
      transform="translate(${p.x} ${p.y})" tabindex="0" role="button" aria-pressed=${pressed ? "true" : "false"}
        aria-label=${nodeText(view)} aria-haspopup=${store.can.deeds ? "menu" : nothing}
      @click=${() => hands.press(view.server, "pointer")} @keydown=${key} @contextmenu=${menu}
      @pointerenter=${() => store.show({ hover: view.server })} @pointerleave=${() => store.show({ hover: null })}>
    <circle class="node-hit" r=${Math.max(22, r + 14)} />
    <circle class="node-field" r=${r + 3} />
    <circle class="select-ring" r=${r + 18} />
    <circle class="flash" r=${r + 9} />
    <rect class="outline" />
    <rect class="shape" />
    ${role === "gone" ? svg`<circle class="crash-hatch" r=${r} fill="url(#hatch)" />` : nothing}
    ${role === "candidate" ? votes(view, ring) : nothing}
    <text class="node-term" dy=".35em">${role === "empty" ? "+" : (view.report?.term ?? "")}</text>
    ${view.machine ? machineMarks(view, r) : nothing}
    ${ring.strips ? strip(view, ring) : nothing}
  </g>`;
}

/**
 * What a machine of the lab adds: two bars when it is paused, a torn sheet for a disk that cannot be read, and what
 * does not agree.
 */
function machineMarks(view: ServerView, r: number): SVGTemplateResult {
  const at = r * 0.78 + 6;
  return svg`
    ${view.machine?.state === "paused"
      ? svg`<path class="pause-bars" d="M-5 ${0.42 * r}V${0.42 * r + 9}M5 ${0.42 * r}V${0.42 * r + 9}" />` : nothing}
    ${view.machine?.state === "damaged" ? svg`<path class="torn" transform="translate(${-at} ${-at})"
      d="M-6 -8H3L7 -4V8H-6ZM-6 1L-2 -2L1 3L7 -1" />` : nothing}
    ${isBroken(view.server) ? svg`<circle class="broken-ring" r=${r + 14} /><circle class="broken-ring" r=${r + 20}
      /><text class="node-sign violation-sign" x=${at + 14} y=${-at - 10} dy=".35em">!</text>` : nothing}
    ${isBroken(view.server) || !store.servers.some((other) => statesDiffer(view, other)) ? nothing
      : svg`<g transform="translate(${at + 6} ${-at})"><circle class="sign-field" r="9" /><text class="node-sign"
      dy=".35em">≠</text></g>`}`;
}

export const isBroken = (server: number): boolean =>
  store.lab?.properties.some((p) => p.broken?.servers.includes(server)) ?? false;

/** Whether two servers have applied the same number of entries and are in different states. */
function statesDiffer(a: ServerView, b: ServerView): boolean {
  return a.report !== null && b.report !== null && a.report.stateHash !== "" && b.report.stateHash !== "" &&
    same(a.report.appliedIndex, b.report.appliedIndex) && a.report.stateHash !== b.report.stateHash;
}

/** A node's description for screen readers. */
function nodeText(view: ServerView): string {
  if (view.seat === "empty") return `Seat S${view.server} is free. Open another tab.`;
  // its seat already says that it has crashed
  const parts = [nodeWords(view), view.machine?.state === "down" ? "" : machineWords(view).toLowerCase()];
  if (store.servers.some((other) => statesDiffer(view, other)))
    parts.push("its state differs from others that applied as much");
  if (isBroken(view.server)) parts.push("a safety property is broken here");
  return parts.filter((p) => p !== "").join(", ");
}

/** What is unusual about a machine of the lab, in a word or two; empty if nothing is. */
export function machineWords(view: ServerView): string {
  const m = view.machine;
  if (!m) return "";
  if (m.state === "damaged") return "Disk damaged";
  if (m.state === "paused") return m.inbox > 0 ? `Paused, ${m.inbox} waiting` : "Paused";
  if (m.state === "down") return "Crashed";
  if (m.member === "learner") return "Learner";
  return m.member === "none" ? "Not a member" : "";
}

/** The radius of a server's election timer; a candidate's vote dots need more room. */
export const timerRadius = (view: ServerView, r: number): number => (view.report?.role === "candidate" ? r + 18
  : r + 9);

/** The track on which arcs.ts paints what is left of the timer. A leader has none. */
export function timerTrack(view: ServerView, ring: Ring): SVGTemplateResult | typeof nothing {
  const p = ring.points[view.server - 1];
  if (!p || view.seat !== "connected" || !view.report?.timer) return nothing;
  return svg`<circle class="timer-track" cx=${p.x} cy=${p.y} r=${timerRadius(view, ring.r)} />`;
}

/** The ring in small: filled, a vote is granted; dashed, it is awaited; a bar is a refusal. */
function votes(view: ServerView, ring: Ring): SVGTemplateResult[] {
  const size = ring.r >= 30 ? 4 : 3.25;
  return (view.report?.votes ?? []).map((v) => {
    const dot = voteDot(v.server, ring.points.length, ring.r);
    return v.state === "denied"
      ? svg`<line class="vote denied" x1=${dot.x - size} x2=${dot.x + size} y1=${dot.y} y2=${dot.y} />`
      : svg`<circle class="vote ${v.state}" cx=${dot.x} cy=${dot.y} r=${size} />`;
  });
}

const STRIP = 8; // entries
const CELL = 12;
const PITCH = 16;

/** The last entries of the log in small, the same indices for all servers. */
function strip(view: ServerView, ring: Ring): SVGTemplateResult | typeof nothing {
  const r = view.report;
  const last = store.servers.reduce<U64>((m, s) => most(m, s.report?.lastIndex ?? 0), 0);
  if (!r || view.seat === "empty" || last === 0) return nothing;
  const first = less(last, STRIP + 1) ? 1 : plus(last, 1 - STRIP);
  const count = less(last, STRIP + 1) ? Number(last) : STRIP;
  const above = view.server === 1 && ring.points.length > 1;
  const y = above ? -(ring.r + labelDrop(view) + 44) : ring.r + labelDrop(view) + 26;
  const x0 = -(count * PITCH - 4) / 2;
  return svg`<g class="strip" transform="translate(${x0} ${y})">${Array.from({ length: count }, (_, i) => {
    const index = plus(first, i);
    const cell = cellAt(r, index);
    const state = isUntold(r, index) ? "untold" : !cell ? "missing" : less(r.commitIndex, index) ? "open" : "committed";
    return svg`<rect class="strip-cell ${state} t${slot(cell?.term ?? 0)}" x=${i * PITCH + 1} y="1" width=${CELL - 2}
      height=${CELL - 2} rx="2" />`;
  })}</g>`;
}

/**
 * How far beyond its radius a node's label stands: a candidate's timer and the rings of a broken promise
 * need more room.
 */
export function labelDrop(view: ServerView, compact = false): number {
  if (isBroken(view.server)) return 23;
  if (view.seat === "connected" && view.report?.role === "candidate") return compact ? 19 : 23;
  return compact ? 12 : 16;
}

/** What is said at a node beside its name. */
function labelRole(view: ServerView): string {
  const selected = store.view.selection?.kind === "server" && store.view.selection.server === view.server;
  return view.seat === "connected" && view.report?.role === "candidate" && selected ? `${view.tally} votes`
    : machineWords(view) || roleWords(view);
}

const LETTER = 6.4; // px of a label's words
const LABEL = 44; // px of its name, and beside both

const PILL = 64; // px of what stands beside them in a frame of its own

/** How wide a node's label is, with all that stands beside its name. */
export const labelWidth = (view: ServerView): number => LABEL + LETTER * labelRole(view).length +
  (view.self ? PILL : 0) + (view.hidden && view.seat === "connected" ? PILL + LETTER : 0);

/** The middle of a node's label: at its node, or as far from the stage's edge as its words need. */
export function labelX(view: ServerView, ring: Ring): number {
  const x = ring.points[view.server - 1]?.x ?? 0;
  return ring.compact ? x : inside(x, labelWidth(view), ring.free);
}

/** The words at a node. */
export function nodeLabel(view: ServerView): TemplateResult {
  return html`<b>S${view.server}</b><span class="role">${labelRole(view)}</span>${view.self
    ? html`<span class="pill">this tab</span>` : nothing}${view.hidden && view.seat === "connected"
    ? html`<span class="badge">hidden tab</span>` : nothing}`;
}
