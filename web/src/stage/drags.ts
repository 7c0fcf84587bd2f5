import { turned } from "./link.js";
import type { RaftStage } from "./raft-stage.js";
import { store } from "../state/store.js";
import { cutState } from "../view/words.js";

const DRAG_PX = 8; // after which a press is a drag
const LONG_MS = 500; // after which a finger's touch acts as a mouse's right button
const CLICK_MS = 50; // within which a browser turns a touch into a click

let following = 0; // presses on elements that can be dragged

/**
 * Drags on the stage: from one node to another cuts or mends the link between them; a held message that is
 * dragged to its receiver is delivered now.
 */
export function beginDrag(e: PointerEvent): void {
  if (e.button !== 0 || !e.isPrimary || store.view.side) return;
  const target = e.target as Element | null;
  const held = target?.closest<HTMLElement>(".held-message");
  const node = target?.closest<SVGGElement>(".node");
  const link = target?.closest<SVGGElement>(".link");
  if (held) dragHeld(held, e);
  else if (node) dragNode(node, e);
  if (e.pointerType !== "touch" || held) return;
  if (node) awaitLong(e, () => openMenu(Number(node.dataset["server"])));
  else if (link) awaitLong(e, () => openLink(link.dataset["link"] ?? ""));
}

/**
 * A finger that drags something must not scroll the page. The touch-action of elements within a picture is
 * ignored, so it cannot prevent that.
 */
export function keepDrag(e: TouchEvent): void {
  if (following > 0 && e.touches.length === 1 && e.cancelable) e.preventDefault();
}

function openMenu(server: number): void {
  store.show({ selection: { kind: "server", server }, menu: server });
}

function openLink(name: string): void {
  const [a = 0, b = 0] = name.split("-").map(Number);
  store.select({ kind: "link", a, b });
}

/**
 * Opens once the finger is lifted, since lifting it would close what opens under it; a click that follows
 * does not count. Some browsers report a long touch themselves.
 */
function awaitLong(e: PointerEvent, open: () => void): void {
  const end = (p: PointerEvent) => {
    document.removeEventListener("pointerup", end);
    document.removeEventListener("pointercancel", end);
    if (p.type !== "pointerup" || p.timeStamp - e.timeStamp < LONG_MS ||
      Math.hypot(p.clientX - e.clientX, p.clientY - e.clientY) > DRAG_PX) return;
    const swallow = (click: Event) => click.stopPropagation();
    document.addEventListener("click", swallow, { capture: true });
    setTimeout(() => {
      document.removeEventListener("click", swallow, { capture: true });
      open();
    }, CLICK_MS);
  };
  document.addEventListener("pointerup", end);
  document.addEventListener("pointercancel", end);
}

function dragHeld(grip: HTMLElement, e: PointerEvent): void {
  const seq = Number(grip.dataset["seq"]);
  const stage = grip.closest<RaftStage>("raft-stage");
  follow(e, (p) => stage?.carry(seq, p), (met) => {
    stage?.carry(seq, null);
    if (met !== null && met === store.flights.get(seq)?.to) void store.act([{ do: "deliverFrame", frame: seq }]);
  });
}

function dragNode(node: SVGGElement, e: PointerEvent): void {
  const picture = node.ownerSVGElement;
  const from = Number(node.dataset["server"]);
  const at = node.transform.baseVal.consolidate()?.matrix;
  if (!picture || !at) return;
  const line = document.createElementNS("http://www.w3.org/2000/svg", "line");
  line.setAttribute("class", "rubber");
  line.setAttribute("x1", String(at.e));
  line.setAttribute("y1", String(at.f));
  const draw = (p: PointerEvent) => {
    const box = picture.getBoundingClientRect();
    line.setAttribute("x2", String(p.clientX - box.left));
    line.setAttribute("y2", String(p.clientY - box.top));
    if (!line.isConnected) picture.append(line);
  };
  follow(e, draw, (met) => {
    line.remove();
    if (met !== null && met !== from) turn(Math.min(from, met), Math.max(from, met));
  });
}

/** Cuts both directions of a link that is whole, and mends one that is not. */
function turn(a: number, b: number): void {
  const cut = cutState(store.room?.links ?? [], a, b) === "whole";
  void store.act(turned(a, b, cut ? "cut" : "whole"), `S${a} – S${b} is ${cut ? "cut" : "mended"}.`);
}

/**
 * Follows the pointer from a press until it is released, and says over which node that was. A press that
 * hardly moves is ignored.
 */
function follow(e: PointerEvent, move: (p: PointerEvent) => void, end: (met: number | null) => void): void {
  let dragged = false;
  following++;
  const moved = (p: PointerEvent) => {
    dragged ||= Math.hypot(p.clientX - e.clientX, p.clientY - e.clientY) > DRAG_PX;
    if (dragged) move(p);
  };
  const ended = (p: PointerEvent) => {
    document.removeEventListener("pointermove", moved);
    document.removeEventListener("pointerup", ended);
    document.removeEventListener("pointercancel", ended);
    following--;
    if (dragged) end(p.type === "pointerup" ? nodeAt(p) : null);
  };
  document.addEventListener("pointermove", moved);
  document.addEventListener("pointerup", ended);
  document.addEventListener("pointercancel", ended);
}

function nodeAt(p: PointerEvent): number | null {
  for (const hit of document.querySelectorAll<SVGElement>(".node-hit")) {
    const box = hit.getBoundingClientRect();
    const near = Math.hypot(p.clientX - (box.left + box.right) / 2,
      p.clientY - (box.top + box.bottom) / 2) <= box.width / 2;
    if (near) return Number(hit.closest<SVGElement>(".node")?.dataset["server"]);
  }
  return null;
}
