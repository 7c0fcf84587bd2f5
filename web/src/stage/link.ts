import { html, nothing, svg, type SVGTemplateResult, type TemplateResult } from "lit";
import { keysOf } from "../view/keys.js";
import { wall, type Point, type Ring } from "./layout.js";
import type { LabAction, ServerView, Side } from "../model.js";
import { isBroken } from "./node.js";
import { store } from "../state/store.js";
import { cutState, cutWords, isUp, listed, nextCut, type Cut } from "../view/words.js";

/** Every pair of servers that have a link between them, the lower number first. */
export function linkPairs(servers: ServerView[]): [number, number][] {
  const ids = servers.map((s) => s.server);
  return ids.flatMap((a, i) => ids.slice(i + 1).map((b): [number, number] => [a, b]));
}

/** The deeds that bring the links between two servers into a state; empty if they are in it. */
export function turned(a: number, b: number, wanted: Cut): LabAction[] {
  const ways = [[a, b, "forward"], [b, a, "backward"]] as const;
  return ways.flatMap(([server, to, only]) => {
    const up = wanted === "whole" || wanted === only;
    return isUp(store.room?.links ?? [], server, to) === up ? [] : [{ do: up ? "mend" : "cut", server, to }];
  });
}

/** Takes a link one state further: whole → cut → one way → the other way → whole. */
export const cycleLink = (a: number, b: number): void =>
  void store.act(turned(a, b, nextCut[cutState(store.room?.links ?? [], a, b)]));

/** The deed that mends the whole network. */
export const mended = (): LabAction => ({ do: "partition", servers: store.servers.map((s) => s.server) });

/** What the stage does for a link. */
export interface LinkHands {
  cycle: (a: number, b: number) => void;
  open: (a: number, b: number) => void; // opens all about it, where a source has deeds for links
}

/** A link: a visible line, a wide invisible one to hit, and in its middle a mark of what is cut. */
export function linkMark(a: number, b: number, ring: Ring, hands: LinkHands): SVGTemplateResult | typeof nothing {
  const from = ring.points[a - 1];
  const to = ring.points[b - 1];
  if (!from || !to) return nothing;
  const length = Math.hypot(to.x - from.x, to.y - from.y);
  const half = length / 2 - ring.r;
  const angle = (Math.atan2(to.y - from.y, to.x - from.x) * 180) / Math.PI;
  const state = cutState(store.room?.links ?? [], a, b);
  const idle = [a, b].some((s) => store.server(s)?.seat !== "connected");
  const gap = state === "whole" ? 0 : 6;
  const { deeds } = store.can;
  const { selection } = store.view;
  const selected = selection?.kind === "link" && selection.a === a && selection.b === b;
  const open = (e: Event) => {
    if (!deeds) return;
    e.preventDefault();
    hands.open(a, b);
  };
  const key = keysOf("link", { cycle: () => hands.cycle(a, b), open: () => hands.open(a, b) });
  const held = store.room?.links.some((l) => l.hold && ((l.from === a && l.to === b) || (l.from === b && l.to === a)));
  return svg`<g class="link ${state} ${idle ? "idle" : ""} ${selected ? "selected" : ""}" data-link="${a}-${b}"
    transform="translate(${(from.x + to.x) / 2} ${(from.y + to.y) / 2}) rotate(${angle})"
      tabindex="0" role="button" aria-label="Link S${a} to S${b}: ${cutWords(state, a, b)}. Press to change${deeds
        ? ", M for more" : ""}." @click=${() => hands.cycle(a, b)} @contextmenu=${open} @keydown=${key}>
    <line class="link-hit" x1=${-half} x2=${half} y1="0" y2="0" />
    <line class="link-line" x1=${-half} x2=${gap === 0 ? half : -gap} y1="0" y2="0" />
    ${gap === 0 ? nothing : svg`<line class="link-line" x1=${gap} x2=${half} y1="0" y2="0" />`}
    ${state === "cut" || state === "forward" ? svg`<line class="link-bar" x1="6" x2="6" y1="-7" y2="7" />` : nothing}
    ${state === "cut" || state === "backward" ? svg`<line class="link-bar" x1="-6" x2="-6" y1="-7" y2="7" />` : nothing}
    ${held ? svg`<path class="link-held" transform="translate(0 ${state === "whole" ? 0 : 14})" d="M-3 -6V6M3 -6V6" />`
      : nothing}
    ${state === "forward" ? svg`<path class="link-arrow" d="M-12 -5L-3 0L-12 5Z" />` : nothing}
    ${state === "backward" ? svg`<path class="link-arrow" d="M12 -5L3 0L12 5Z" />` : nothing}
  </g>`;
}

/** A wall with ticks between two sides, if a straight one fits between them. */
export function wallMark(sides: Side[], ring: Ring): SVGTemplateResult | typeof nothing {
  const [one, other] = sides.map(({ servers }) => servers.flatMap((s) => ring.points[s - 1] ?? []));
  const apart = ring.r + (store.servers.some((s) => isBroken(s.server)) ? 24 : 12);
  const between = one && other && sides.length === 2 && !ring.compact ? wall(one, other, apart) : null;
  if (!between) return nothing;
  const { from, to } = between;
  return svg`<g class="wall" pointer-events="none"><line class="wall-line" x1=${from.x} y1=${from.y} x2=${to.x}
    y2=${to.y} /><path class="wall-ticks" d=${ticks(from, to)} /></g>`;
}

/** What each side still can do. */
export function sidesCaption(sides: Side[]): TemplateResult | typeof nothing {
  if (sides.length === 0) return nothing;
  return html`<ul class="sides" aria-label="The network is cut">${sides.map(({ servers, words }) =>
    html`<li><b>${listed(servers)}</b> ${words}</li>`)}</ul>`;
}

/** Short strokes at 45° on both ends of a line and all along it. */
function ticks(from: Point, to: Point): string {
  const length = Math.hypot(to.x - from.x, to.y - from.y);
  const [dx, dy] = [(to.x - from.x) / length, (to.y - from.y) / length];
  const [tx, ty] = [(dx - dy) * 5, (dy + dx) * 5];
  return Array.from({ length: Math.floor(length / 12) + 1 }, (_, i) => {
    const [x, y] = [from.x + dx * i * 12, from.y + dy * i * 12];
    return `M${(x - tx).toFixed(1)} ${(y - ty).toFixed(1)}L${(x + tx).toFixed(1)} ${(y + ty).toFixed(1)}`;
  }).join("");
}
