import { nothing, svg, type SVGTemplateResult } from "lit";
import type { Ring } from "./layout.js";
import type { ServerView } from "./model.js";
import { store } from "./store.js";
import { cutState, cutWords } from "./words.js";

/** Every pair of servers that have a link between them, the lower number first. */
export function linkPairs(servers: ServerView[]): [number, number][] {
  const ids = servers.map((s) => s.server);
  return ids.flatMap((a, i) => ids.slice(i + 1).map((b): [number, number] => [a, b]));
}

/** A link: a line to see and a wide one to hit, with what is cut of it drawn in its middle (LOOK §5). */
export function linkMark(a: number, b: number, ring: Ring, cycle: () => void): SVGTemplateResult | typeof nothing {
  const from = ring.points[a - 1];
  const to = ring.points[b - 1];
  if (!from || !to) return nothing;
  const length = Math.hypot(to.x - from.x, to.y - from.y);
  const half = length / 2 - ring.r;
  const angle = (Math.atan2(to.y - from.y, to.x - from.x) * 180) / Math.PI;
  const state = cutState(store.room?.links ?? [], a, b);
  const idle = [a, b].some((s) => store.server(s)?.seat !== "connected");
  const gap = state === "whole" ? 0 : 6;
  const key = (e: KeyboardEvent) => {
    if (e.key !== "Enter" && e.key !== " ") return;
    e.preventDefault();
    cycle();
  };
  return svg`<g class="link ${state} ${idle ? "idle" : ""}" data-link="${a}-${b}" transform="translate(${(from.x + to.x) / 2} ${(from.y + to.y) / 2}) rotate(${angle})"
      tabindex="0" role="button" aria-label="Link S${a} to S${b}: ${cutWords(state, a, b)}. Press to change." @click=${cycle} @keydown=${key}>
    <line class="link-hit" x1=${-half} x2=${half} y1="0" y2="0" />
    <line class="link-line" x1=${-half} x2=${gap === 0 ? half : -gap} y1="0" y2="0" />
    ${gap === 0 ? nothing : svg`<line class="link-line" x1=${gap} x2=${half} y1="0" y2="0" />`}
    ${state === "cut" || state === "forward" ? svg`<line class="link-bar" x1="6" x2="6" y1="-7" y2="7" />` : nothing}
    ${state === "cut" || state === "backward" ? svg`<line class="link-bar" x1="-6" x2="-6" y1="-7" y2="7" />` : nothing}
    ${state === "forward" ? svg`<path class="link-arrow" d="M-12 -5L-3 0L-12 5Z" />` : nothing}
    ${state === "backward" ? svg`<path class="link-arrow" d="M12 -5L3 0L12 5Z" />` : nothing}
  </g>`;
}
