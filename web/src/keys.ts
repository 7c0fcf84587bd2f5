import { FEW_COLUMNS, grid } from "./logs.js";
import { store } from "./store.js";
import { readOn } from "./reading.js";
import { switchTheme } from "./theme.js";

/** Every key of the page: what it is called, what it does. The list that `?` shows is this one. */
export interface Key {
  keys: string[]; // as KeyboardEvent.key says them
  shown: string;
  words: string;
  act: (key: string) => void;
  only?: "room" | "lab";
}

const digits = ["1", "2", "3", "4", "5", "6", "7", "8", "9"];

const KEYS: Key[] = [
  { keys: [" "], shown: "Space", words: "Pause or play the clock", act: () => store.togglePause() },
  { keys: ["ArrowLeft"], shown: "←", words: "One step back", act: () => store.step(store.view.stop, true), only: "lab" },
  { keys: ["ArrowRight"], shown: "→", words: "One step on", act: () => store.step(store.view.stop, false), only: "lab" },
  { keys: ["Shift+ArrowLeft"], shown: "⇧ ←", words: "Back to the message before", act: () => store.step("message", true), only: "lab" },
  { keys: ["Shift+ArrowRight"], shown: "⇧ →", words: "On to the next message", act: () => store.step("message", false), only: "lab" },
  { keys: ["e"], shown: "E", words: "Next election", act: () => store.step("election", false), only: "lab" },
  { keys: ["c"], shown: "C", words: "Next commit", act: () => store.step("commit", false), only: "lab" },
  { keys: ["x"], shown: "X", words: "Next violation of a safety property", act: () => store.step("violation", false), only: "lab" },
  { keys: ["l"], shown: "L", words: "Live: to the end of what was lived", act: () => store.goLive(), only: "lab" },
  { keys: ["-"], shown: "−", words: "Slower, by half", act: () => pace(0.5) },
  { keys: ["+", "="], shown: "+", words: "Faster, twice", act: () => pace(2) },
  { keys: ["r"], shown: "R", words: "Real time", act: () => store.setRate(1) },
  { keys: digits, shown: "1 … 9", words: "Select a server", act: (key) => selectServer(Number(key)) },
  { keys: ["m"], shown: "M", words: "Select the next message on its way", act: () => selectFlight() },
  { keys: ["Escape"], shown: "Esc", words: "Select nothing", act: () => store.show({ selection: null, open: null, panel: null }) },
  { keys: ["w"], shown: "W", words: "Write to the cluster", act: () => focusClient() },
  { keys: [","], shown: ",", words: "Previous event of the story", act: () => readOn(-1) },
  { keys: ["."], shown: ".", words: "Next event of the story", act: () => readOn(1) },
  { keys: ["v"], shown: "V", words: "Commands in the logs: show or hide", act: () => store.show({ wide: !(store.view.wide ?? grid(store.servers).columns <= FEW_COLUMNS) }) },
  { keys: ["["], shown: "[", words: "Story: hide or show", act: () => store.show({ storyHidden: !store.view.storyHidden }) },
  { keys: ["]"], shown: "]", words: "Inspector: hide or show", act: () => store.show({ inspectorHidden: !store.view.inspectorHidden }) },
  { keys: ["n"], shown: "N", words: "Another run", act: () => openRuns(), only: "lab" },
  { keys: ["g"], shown: "G", words: "Gallery of runs", act: () => store.show({ dialog: "gallery" }), only: "lab" },
  { keys: ["s"], shown: "S", words: "Share this moment", act: () => store.show({ dialog: "share" }), only: "lab" },
  { keys: ["t"], shown: "T", words: "Light or dark", act: () => switchTheme() },
  { keys: ["?"], shown: "?", words: "This list", act: () => store.show({ keys: !store.view.keys }) },
];

/** The keys of this page. */
export const keysHere = (): Key[] => KEYS.filter((k) => k.only === undefined || k.only === store.mode);

/** Acts on a key unless it is meant for a field, a button or the browser. */
export function onKey(e: KeyboardEvent): void {
  if (e.ctrlKey || e.metaKey || e.altKey || e.defaultPrevented) return;
  const target = e.target as Element | null;
  if (target?.closest("dialog, [popover]") || (e.key === "Escape" && document.querySelector(":popover-open"))) return; // they close themselves
  if (target?.closest("input:not([type=radio], [type=checkbox], [type=range]), select, textarea") && e.key !== "Escape") return;
  if ((e.key === " " || e.key.startsWith("Arrow")) && target?.closest("input")) return;
  if (e.key === " " && target?.closest("button, a, summary, [role=button]")) return;
  const name = e.key.length === 1 ? e.key.toLowerCase() : `${e.shiftKey ? "Shift+" : ""}${e.key}`;
  const key = keysHere().find((k) => k.keys.includes(name));
  if (!key) return;
  e.preventDefault();
  key.act(name);
}

function pace(factor: number): void {
  if (!store.room?.started) return;
  store.setRate(Math.min(1, Math.max(0.001, Number((store.pace * factor).toPrecision(2)))));
}

function selectServer(server: number): void {
  if (store.server(server)) store.select({ kind: "server", server });
}

function selectFlight(): void {
  const now = store.now();
  const flying = [...store.flights.values()].filter((f) => f.fate === "sent" && f.due > now);
  const { selection } = store.view;
  const place = selection?.kind === "flight" ? flying.findIndex((f) => f.seq === selection.seq) : -1;
  const next = flying[(place + 1) % Math.max(1, flying.length)];
  if (next) store.select({ kind: "flight", seq: next.seq });
}

function focusClient(): void {
  store.show({ panel: "client", inspectorHidden: false });
  requestAnimationFrame(() => document.querySelector<HTMLInputElement>("raft-client input[name=key]")?.focus());
}

function openRuns(): void {
  document.getElementById("run-menu")?.showPopover();
  document.getElementById("run-servers")?.focus();
}
