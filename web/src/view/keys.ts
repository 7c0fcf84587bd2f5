import { works, type Capability } from "../state/capabilities.js";
import { FEW_COLUMNS, grid } from "../log/logs.js";
import { store } from "../state/store.js";
import { readOn } from "../story/reading.js";
import { switchTheme } from "./theme.js";

/**
 * Every key of the page: what it is called, what it does. The list that `?` shows is this one, and no view takes a key
 * that is not in it (test/keys.test.ts): those of KEYS work everywhere, those of PLACES where a view has the focus,
 * which names what each does there.
 */
interface Named {
  keys: readonly string[]; // as KeyboardEvent.key says them, letters small
  shown: string;
  words: string; // those that lie beside each other and have the same are one line of the list
  needs?: Capability;
}

export interface Key extends Named {
  act: (key: string) => void;
}

const digits = ["1", "2", "3", "4", "5", "6", "7", "8", "9"];

const KEYS: Key[] = [
  { keys: [" "], shown: "Space", words: "Pause or play the clock", act: () => store.togglePause() },
  {
    keys: ["ArrowLeft"], shown: "←", words: "One step back", needs: "seek",
    act: () => store.step(store.view.stop, true),
  },
  {
    keys: ["ArrowRight"], shown: "→", words: "One step forward", needs: "seek",
    act: () => store.step(store.view.stop, false),
  },
  {
    keys: ["Shift+ArrowLeft"], shown: "⇧ ←", words: "Back to the message before", needs: "seek",
    act: () => store.step("message", true),
  },
  {
    keys: ["Shift+ArrowRight"], shown: "⇧ →", words: "On to the next message", needs: "seek",
    act: () => store.step("message", false),
  },
  { keys: ["e"], shown: "E", words: "Next election", act: () => store.step("election", false), needs: "seek" },
  { keys: ["c"], shown: "C", words: "Next commit", act: () => store.step("commit", false), needs: "seek" },
  {
    keys: ["x"], shown: "X", words: "Next violation of a safety property", needs: "seek",
    act: () => store.step("violation", false),
  },
  { keys: ["l"], shown: "L", words: "Live: to the end of the run", act: () => store.goLive(), needs: "seek" },
  { keys: ["-"], shown: "−", words: "Half as fast", act: () => pace(0.5) },
  { keys: ["+", "="], shown: "+", words: "Twice as fast", act: () => pace(2) },
  { keys: ["r"], shown: "R", words: "Real time", act: () => store.setRate(1) },
  { keys: digits, shown: "1 … 9", words: "Select a server", act: (key) => selectServer(Number(key)) },
  { keys: ["m"], shown: "M", words: "Select the next message on its way, or held there", act: () => selectFlight() },
  { keys: ["Escape"], shown: "Esc", words: "Close what is open, clear the selection",
    act: () => store.show({ selection: null, open: null, panel: null }) },
  { keys: ["w"], shown: "W", words: "Write to the cluster", act: () => focusClient() },
  { keys: [","], shown: ",", words: "Previous event of the story", act: () => readOn(-1) },
  { keys: ["."], shown: ".", words: "Next event of the story", act: () => readOn(1) },
  { keys: ["v"], shown: "V", words: "Commands in the logs: show or hide",
    act: () => store.show({ wide: !(store.view.wide ?? grid(store.servers).columns <= FEW_COLUMNS) }) },
  {
    keys: ["h"], shown: "H", words: "What clients were told: show or hide", needs: "runs",
    act: () => store.show({ dock: store.view.dock === "history" ? "logs" : "history" }),
  },
  { keys: ["["], shown: "[", words: "Story: hide or show",
    act: () => store.show({ storyHidden: !store.view.storyHidden }) },
  { keys: ["]"], shown: "]", words: "Inspector: hide or show",
    act: () => store.show({ inspectorHidden: !store.view.inspectorHidden }) },
  { keys: ["n"], shown: "N", words: "Another run", act: () => openRuns(), needs: "runs" },
  { keys: ["g"], shown: "G", words: "Gallery of runs", act: () => store.show({ dialog: "gallery" }), needs: "runs" },
  { keys: ["s"], shown: "S", words: "Share this moment", act: () => store.show({ dialog: "share" }), needs: "runs" },
  { keys: ["t"], shown: "T", words: "Light or dark", act: () => switchTheme() },
  { keys: ["?"], shown: "?", words: "This list", act: () => store.show({ keys: !store.view.keys }) },
];

/** A key of the browser's own, which no view takes. */
interface Own extends Named {
  browser: true;
}

/** What has the focus, and what keys do there. */
interface Where {
  words: string;
  needs?: Capability;
  keys: { [deed: string]: Named | Own };
}

const letters = [..."abcdefghijklmnopqrstuvwxyz"];

/** From one to the next in a list that is one stop of the Tab key. */
const along = (words: string) =>
  ({
    next: { keys: ["ArrowDown"], shown: "↓", words },
    before: { keys: ["ArrowUp"], shown: "↑", words },
    first: { keys: ["Home"], shown: "Home", words: "The first, the last" },
    last: { keys: ["End"], shown: "End", words: "The first, the last" },
  }) as const;

const PLACES = {
  node: {
    words: "On a server",
    keys: {
      press: { keys: ["Enter", " "], shown: "Enter", words: "Select it; in the lab once more: its menu" },
      menu: { keys: ["m", "ContextMenu"], shown: "M", words: "What can be done to it", needs: "deeds" },
    },
  },
  link: {
    words: "On a link",
    keys: {
      cycle: { keys: ["Enter", " "], shown: "Enter", words: "Cut it, then one way, then the other, then mend it" },
      open: { keys: ["m", "ContextMenu"], shown: "M", words: "All about it: latency, loss, what is held",
        needs: "deeds" },
    },
  },
  menu: {
    words: "In a server’s menu",
    needs: "deeds",
    keys: {
      next: { keys: ["ArrowDown", "ArrowRight"], shown: "↓", words: "From item to item" },
      before: { keys: ["ArrowUp", "ArrowLeft"], shown: "↑", words: "From item to item" },
      first: { keys: ["Home"], shown: "Home", words: "The first, the last" },
      last: { keys: ["End"], shown: "End", words: "The first, the last" },
      named: { keys: letters, shown: "A … Z", words: "The next item that begins with that letter" },
    },
  },
  story: {
    words: "In the story",
    keys: {
      ...along("The events, one after the other"),
      open: { keys: ["Enter"], shown: "Enter", words: "Why it happened", browser: true },
      go: { keys: ["g"], shown: "G", words: "Go to its moment", needs: "seek" },
    },
  },
  tabs: {
    words: "On a row of tabs",
    needs: "seek",
    keys: {
      before: { keys: ["ArrowLeft"], shown: "←", words: "From tab to tab" },
      next: { keys: ["ArrowRight"], shown: "→", words: "From tab to tab" },
      first: { keys: ["Home"], shown: "Home", words: "The first, the last" },
      last: { keys: ["End"], shown: "End", words: "The first, the last" },
    },
  },
  logs: {
    words: "In the logs",
    keys: {
      left: { keys: ["ArrowLeft"], shown: "←", words: "From entry to entry" },
      right: { keys: ["ArrowRight"], shown: "→", words: "From entry to entry" },
      up: { keys: ["ArrowUp"], shown: "↑", words: "From server to server" },
      down: { keys: ["ArrowDown"], shown: "↓", words: "From server to server" },
      first: { keys: ["Home"], shown: "Home", words: "The first entry, the last" },
      last: { keys: ["End"], shown: "End", words: "The first entry, the last" },
    },
  },
  edge: {
    words: "On the upper edge of the logs",
    keys: {
      higher: { keys: ["ArrowUp"], shown: "↑", words: "Higher, lower" },
      lower: { keys: ["ArrowDown"], shown: "↓", words: "Higher, lower" },
      reset: { keys: ["Home"], shown: "Home", words: "As high as the servers need" },
    },
  },
  time: {
    words: "On the time line",
    needs: "seek",
    keys: {
      back: { keys: ["ArrowLeft"], shown: "←", words: "A little back, a little forward", browser: true },
      on: { keys: ["ArrowRight"], shown: "→", words: "A little back, a little forward", browser: true },
      farOn: { keys: ["PageUp"], shown: "PgUp", words: "Far forward, far back", browser: true },
      farBack: { keys: ["PageDown"], shown: "PgDn", words: "Far forward, far back", browser: true },
      first: { keys: ["Home"], shown: "Home", words: "The beginning, the end of the run" },
      last: { keys: ["End"], shown: "End", words: "The beginning, the end of the run" },
      nearer: { keys: ["+", "="], shown: "+", words: "Zoom in, zoom out" },
      farther: { keys: ["-"], shown: "−", words: "Zoom in, zoom out" },
    },
  },
  diagram: {
    words: "In the space-time diagram",
    needs: "seek",
    keys: {
      left: { keys: ["ArrowLeft"], shown: "←", words: "Along a lane" },
      right: { keys: ["ArrowRight"], shown: "→", words: "Along a lane" },
      up: { keys: ["ArrowUp"], shown: "↑", words: "To another lane" },
      down: { keys: ["ArrowDown"], shown: "↓", words: "To another lane" },
      otherEnd: { keys: ["m"], shown: "M", words: "To the other end of a message" },
      go: { keys: ["Enter"], shown: "Enter", words: "To that moment" },
      nearer: { keys: ["+", "="], shown: "+", words: "Zoom in, zoom out" },
      farther: { keys: ["-"], shown: "−", words: "Zoom in, zoom out" },
      earlier: { keys: ["PageUp"], shown: "PgUp", words: "Move it" },
      later: { keys: ["PageDown"], shown: "PgDn", words: "Move it" },
      follow: { keys: ["f"], shown: "F", words: "Follow the clock" },
      nothing: { keys: ["Escape"], shown: "Esc", words: "Select nothing" },
    },
  },
  history: {
    words: "In the history of clients",
    needs: "runs",
    keys: {
      left: { keys: ["ArrowLeft"], shown: "←", words: "Along a client’s operations" },
      right: { keys: ["ArrowRight"], shown: "→", words: "Along a client’s operations" },
      up: { keys: ["ArrowUp"], shown: "↑", words: "To another client" },
      down: { keys: ["ArrowDown"], shown: "↓", words: "To another client" },
      first: { keys: ["Home"], shown: "Home", words: "The first operation, the last" },
      last: { keys: ["End"], shown: "End", words: "The first operation, the last" },
      go: { keys: ["Enter"], shown: "Enter", words: "To the moment of the answer", browser: true },
      nearer: { keys: ["+", "="], shown: "+", words: "Zoom in, zoom out" },
      farther: { keys: ["-"], shown: "−", words: "Zoom in, zoom out" },
      earlier: { keys: ["PageUp"], shown: "PgUp", words: "Move it" },
      later: { keys: ["PageDown"], shown: "PgDn", words: "Move it" },
      all: { keys: ["0"], shown: "0", words: "All of it" },
    },
  },
  rules: { words: "In the list of rules", needs: "rules", keys: along("The rules, one after the other") },
} as const satisfies { [place: string]: Where };

export type Place = keyof typeof PLACES;

/** What a view must know how to do: all that keys do where it has the focus. */
type Deeds<P extends Place> =
  { [D in keyof (typeof PLACES)[P]["keys"] as (typeof PLACES)[P]["keys"][D] extends { browser: true } ? never
  : D]: (key: string) => void | false };

/** The handler of a view's keydown. A deed that returns false did nothing: the key goes on to others. */
export function keysOf<P extends Place>(place: P, deeds: Deeds<P>): (e: KeyboardEvent) => void {
  const all = Object.entries(PLACES[place].keys) as [keyof Deeds<P>, Named][];
  return (e) => {
    if (e.ctrlKey || e.metaKey || e.altKey) return;
    const name = nameOf(e);
    if (name === " " && clicked && e.currentTarget === clicked) return;
    const found = all.find(([, k]) => isHere(k) && k.keys.includes(name));
    const deed = found && deeds[found[0]];
    if (deed && deed(name) !== false) e.preventDefault();
  };
}

let clicked: EventTarget | null = null; // what has the focus because a pointer pressed it

/**
 * Must be told of every change of the focus. An element that was clicked is not worked by keys: Space stays
 * the clock's.
 */
export function noteFocus({ target }: FocusEvent): void {
  clicked = (target as Element).matches(":focus-visible") ? null : target;
}

const isHere = (named: { needs?: Capability }): boolean => works(store.can, named);

const nameOf = (e: KeyboardEvent): string => (e.key.length === 1 ? e.key.toLowerCase()
  : `${e.shiftKey ? "Shift+" : ""}${e.key}`);

/** The keys of this page by the place in which they work, as `?` lists them; those everywhere come first. */
export function keyList(): { words: string; keys: { shown: string[]; words: string }[] }[] {
  const places = Object.values<Where>(PLACES).filter(isHere)
    .map(({ words, keys }) => ({ words, keys: Object.values(keys) }));
  return [{ words: "Everywhere", keys: KEYS as Named[] }, ...places]
    .map(({ words, keys }) => ({ words, keys: lines(keys.filter(isHere)) }));
}

function lines(keys: Named[]): { shown: string[]; words: string }[] {
  const list: { shown: string[]; words: string }[] = [];
  for (const { shown, words } of keys) {
    const last = list.at(-1);
    if (last?.words === words) last.shown.push(shown);
    else list.push({ shown: [shown], words });
  }
  return list;
}

/** Acts on a key unless it is meant for a field, a button or the browser. */
export function onKey(e: KeyboardEvent): void {
  if (e.ctrlKey || e.metaKey || e.altKey || e.defaultPrevented) return;
  const target = e.target as Element | null;
  // they close themselves
  if (target?.closest("dialog, [popover]") || (e.key === "Escape" && document.querySelector(":popover-open"))) return;
  if (target?.closest("input:not([type=radio], [type=checkbox], [type=range]), select, textarea") && e.key !== "Escape")
    return;
  if ((e.key === " " || e.key.startsWith("Arrow")) && target?.closest("input")) return;
  if (e.key === " " && target !== clicked && target?.closest("button, a, summary, [role=button]:not(.selected)"))
    return;
  const name = nameOf(e);
  const key = KEYS.find((k) => isHere(k) && k.keys.includes(name));
  if (!key) return;
  e.preventDefault();
  key.act(name);
}

function pace(factor: number): void {
  if (!store.room?.started) return;
  store.setRate(Math.min(1, Math.max(0.001, Number((store.pace * factor).toPrecision(2)))));
}

/** Moves the focus with the selection: the next key must not act on what was selected before. */
function selectServer(server: number): void {
  if (!store.server(server)) return;
  store.select({ kind: "server", server });
  focusOnStage(`.node[data-server="${server}"]`);
}

/** A message has no element of its own to focus: messages are painted on one canvas. */
function selectFlight(): void {
  const next = store.nextFlight();
  if (!next) return;
  store.select({ kind: "flight", seq: next.seq });
  focusOnStage(".flights");
}

function focusOnStage(selector: string): void {
  document.querySelector<HTMLElement | SVGElement>(`raft-stage ${selector}`)?.focus();
}

function focusClient(): void {
  store.show({ panel: "client", inspectorHidden: false });
  requestAnimationFrame(() => document.querySelector<HTMLInputElement>("raft-client input[name=key]")?.focus());
}

function openRuns(): void {
  document.getElementById("page-menu")?.showPopover();
  document.getElementById("run-servers")?.focus();
}
