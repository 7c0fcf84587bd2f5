import { readLink, type Show } from "../share/moment.js";
import { openAddress } from "../share/opening.js";
import { FIRST_RATE } from "../state/lab-source.js";
import type { Store } from "../state/store.js";
import { setTheme } from "../view/theme.js";
import { isOurs, SOURCE, VERSION, type Told } from "./protocol.js";

/**
 * The lab in a frame of another page: shows as much of itself as its link says, tells that page what happens, and does
 * what it asks (protocol.ts).
 */

const CONTROLS: readonly Show["controls"][] = ["full", "play", "none"];
const THEMES: readonly Show["theme"][] = ["light", "dark", "auto"];
const MAX_COMMANDS = 64; // under way; more are refused

export function startFrame(store: Store): void {
  const api = window.raftPlayground;
  void showAs(location.hash);
  addEventListener("hashchange", () => void showAs(location.hash));
  tellOfLoading(store);
  const ready = () => tell({ type: "ready", detail: { servers: store.room?.size ?? 0 } });
  if (store.connection.state === "open" && store.room) ready();
  else api.on("ready", ready);
  api.on("leader", (detail) => tell({ type: "leader", detail }));
  api.on("commit", (detail) => tell({ type: "commit", detail }));
  api.on("violation", (detail) => tell({ type: "violation", detail }));
  let underWay = 0;
  let last: Promise<unknown> = Promise.resolve();
  addEventListener("message", (e: MessageEvent<unknown>) => {
    if (e.source !== window.parent || window.parent === window || !isOurs(e.data) || e.data.type !== "command") return;
    const { data } = e;
    const { id } = data;
    if (typeof id !== "number") return;
    if (data["command"] === "ping") return tell({ type: "answer", id, ok: true, value: null, error: "" });
    if (underWay >= MAX_COMMANDS)
      return tell({ type: "answer", id, ok: false, value: null,
      error: `${MAX_COMMANDS} commands are under way already.` });
    underWay++;
    last = last
      .then(() => obey(store, data))
      .then(
        (value) => tell({ type: "answer", id, ok: true, value: value ?? null, error: "" }),
        (why: Error) => tell({ type: "answer", id, ok: false, value: null, error: why.message }),
      )
      .finally(() => underWay--);
  });
}

/** Reports progress: a page that hears nothing for some seconds takes its frame for refused. */
function tellOfLoading(store: Store): void {
  let told = "";
  const look = (): void => {
    const { boot } = store;
    const now = boot.state === "loading" ? boot.fraction.toFixed(2) : boot.state;
    if (now === told) return;
    told = now;
    if (boot.state === "loading") tell({ type: "loading", detail: { fraction: boot.fraction } });
    if (boot.state !== "failed") return;
    tell({ type: "failed", detail: { text: `The playground cannot run: ${boot.detail}` } });
  };
  look();
  store.subscribe(look);
}

/** Tells the page around this one. It concerns the simulation alone, so any page may hear it. */
function tell(message: Told): void {
  if (window.parent !== window) window.parent.postMessage({ source: SOURCE, version: VERSION, ...message }, "*");
}

/** Does what a command says, after checking it. */
async function obey(store: Store, data: Record<string, unknown>): Promise<unknown> {
  const api = window.raftPlayground;
  const { command } = data;
  switch (command) {
    case "play": {
      const { rate = store.pace } = data;
      if (typeof rate !== "number" || !(rate >= 0.001 && rate <= 1))
        throw new TypeError(`play: rate must be a number from 0.001 to 1, not ${JSON.stringify(rate)}`);
      return api.network({ rate });
    }
    case "pause":
      return api.network({ rate: 0 });
    case "seek":
      return api.seek(data["at"] as number);
    case "step":
      return api.step(String(data["to"]), data["back"] === true);
    case "act":
      return api.act(data["action"] as Parameters<typeof api.act>[0]);
    case "open": {
      const { link } = data;
      if (typeof link !== "string") throw new TypeError("open: link must be a text");
      return api.open(/^[a-z0-9-]+$/.test(link) ? `1?run=${link}` : link);
    }
    case "state":
      return api.lab();
    case "show":
      if (data["link"] !== undefined) await showLink(data["link"]);
      if (data["controls"] !== undefined) setControls(oneOf("show: controls", CONTROLS, data["controls"]));
      if (data["theme"] !== undefined) setTheme(oneOf("show: theme", THEMES, data["theme"]));
      return;
    default:
      throw new TypeError(
        `expected a command such as play, pause, seek, step, act, open, state or show, not ${JSON.stringify(command)}`);
  }
}

function oneOf<T extends string>(what: string, choices: readonly T[], value: unknown): T {
  const chosen = choices.find((c) => c === value);
  if (chosen === undefined)
    throw new TypeError(`${what} must be one of ${choices.join(", ")}, not ${JSON.stringify(value)}`);
  return chosen;
}

/**
 * Shows a link like a change of the address, but without a new entry in the history of the page around: Back
 * must lead away from that page, and not through its figure's runs.
 */
async function showLink(link: unknown): Promise<void> {
  if (typeof link !== "string") throw new TypeError(`show: link must be a text, not ${JSON.stringify(link)}`);
  history.replaceState(null, "", `#${link}`);
  await showAs(link);
  await openAddress(link, FIRST_RATE);
}

/** Errors in the link are reported where it is opened. */
async function showAs(fragment: string): Promise<void> {
  const link = await readLink(fragment).catch(() => null);
  setControls(link?.show.controls ?? "full");
  setTheme(link?.show.theme ?? "auto");
}

/** Sets how much of the page is visible; the style sheet does the rest (share/share.css). */
function setControls(controls: Show["controls"]): void {
  document.documentElement.dataset["controls"] = controls;
}
