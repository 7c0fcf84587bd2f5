import type { LabAction, Stop } from "../model.js";
import { isOurs, SOURCE, VERSION, type Command, type Told } from "./protocol.js";

/**
 * <raft-playground>: the lab as an element of any page. One classic script, which finds the lab beside itself:
 *
 *     <script src="https://…/raft-playground.js" async></script>
 *     <raft-playground run="figure-8" controls="play" style="height: 480px"></raft-playground>
 *
 * Attributes: `run` (the name of a run of the gallery, or a link of the lab), or instead of it `size` (1 to
 * 9), `seed` and `off` (IDs of rules, separated by commas); `at` (seconds of cluster time), `rate` (0.001 to
 * 1), `controls` (full, play, none), `theme` (light, dark, auto), `autoplay` (1, 0), `lang` (en), `title`. A
 * change shows at once; several made together count as one. Its size is set by CSS.
 *
 * Events, with their data as `detail`: `ready`, `leader`, `commit`, `violation` (protocol.ts), and `error`,
 * { message }, when the lab does not load or answer; then a sentence and a link take its place.
 *
 * Methods, each a promise: `play(rate)`, `pause()`, `seek(ms)`, `step(to, back)`, `act(action)`,
 * `open(link)`, `state()`. Requests wait until the lab is ready, and are carried out in order, as are
 * changes of attributes. Whatever becomes of the lab, each promise is resolved, or rejected with a sentence.
 */
const FOLDER = new URL(".", (document.currentScript as HTMLScriptElement | null)?.src || traced() || location.href);
const PARAMETERS = ["size", "seed", "off", "at", "rate", "controls", "theme", "autoplay", "lang"] as const;
const LOOKS = ["controls", "theme"]; // can change without another run
const TITLE = "Raft playground: a simulated cluster of servers";
const MAX_WAITING = 64;
const NEAR = "1250px"; // of the visible part of the page: from there on the lab is loaded
const SILENT_MS = 10_000; // without a word from the frame while something is waited for: it was refused, or is gone
const PING_MS = 2_500; // the interval at which the frame is asked whether it is still there
const STYLE = new CSSStyleSheet(); // not a <style>, which a page's policy may forbid
STYLE.replaceSync(`:host{display:block;position:relative;width:100%;height:580px}
  :host([hidden]),.refused[hidden]{display:none}
  iframe{display:block;width:100%;height:100%;border:0}
  .refused{position:absolute;inset:0;display:grid;place-content:center;justify-items:center;gap:12px;overflow:auto;
    padding:24px;border:1px solid;color-scheme:light dark;background:Canvas;color:CanvasText;
    font:16px/1.5 system-ui,sans-serif;text-align:center}
  :host([theme=light]) .refused{color-scheme:light}
  :host([theme=dark]) .refused{color-scheme:dark}
  p{max-width:34em;margin:0}`);

/**
 * The address of this script if it was loaded as a module. Then document.currentScript is null, and a script
 * that may also be loaded as a classic one cannot use import.meta; but the stack of an error names it.
 */
function traced(): string | undefined {
  return /\w+:\/\/[^\s()]+(?=:\d+:\d+)/.exec(new Error().stack ?? "")?.[0];
}

/** A request that is not yet answered. */
interface Waiting {
  resolve(value: unknown): void;
  reject(why: Error): void;
}

type Wish = Command extends infer C ? (C extends Command ? Omit<C, "type" | "id"> : never) : never;

class RaftPlaygroundElement extends HTMLElement {
  static readonly observedAttributes = ["run", "title", ...PARAMETERS];

  private readonly frame = document.createElement("iframe");
  private readonly refused = document.createElement("div"); // the words and the link that take the lab's place
  private readonly near: IntersectionObserver;
  private readonly asked = new Map<number, Waiting>();
  private early: (Command & object)[] | null = []; // requests made before the lab was ready; null: it is ready
  private nextID = 1;
  private shown = ""; // the address that the frame shows, or will
  private begun = false; // the frame is loaded
  private changed = false; // attributes, which are not yet shown
  private refusal = ""; // why the lab is missing; empty: it is there, or may still come
  private quiet = 0; // ms since the frame was last heard
  private timer: ReturnType<typeof setTimeout> | undefined; // while something is waited for

  constructor() {
    super();
    this.frame.allow = "fullscreen; clipboard-write";
    // An isolated page takes frames only from servers that send the headers for it, or frames that bring no cookies.
    this.frame.toggleAttribute("credentialless", self.crossOriginIsolated);
    const look = (seen: IntersectionObserverEntry[]) => seen.some((s) => s.isIntersecting) && this.begin();
    this.near = new IntersectionObserver(look, { rootMargin: NEAR });
    this.refused.className = "refused";
    this.refused.setAttribute("role", "alert");
    this.refused.hidden = true;
    const shadow = this.attachShadow({ mode: "open" });
    shadow.adoptedStyleSheets = [STYLE];
    shadow.append(this.frame, this.refused);
  }

  connectedCallback(): void {
    addEventListener("message", this.hear);
    document.addEventListener("securitypolicyviolation", this.forbid);
    this.near.observe(this);
    this.entitle();
    this.shown = "";
    this.change();
  }

  /** The lab ends with its frame: its open requests are not answered any more. */
  disconnectedCallback(): void {
    removeEventListener("message", this.hear);
    document.removeEventListener("securitypolicyviolation", this.forbid);
    this.near.disconnect();
    this.frame.removeAttribute("src");
    this.begun = false;
    this.giveUp("The playground was taken out of the page.");
    this.expect();
  }

  /** Moved by moveBefore: the frame lives on. Without this method it would count as taken out and put in. */
  connectedMoveCallback(): void {}

  attributeChangedCallback(name: string, _: string | null, value: string | null): void {
    if (!this.isConnected) return;
    if (name === "title") this.entitle();
    else if (LOOKS.includes(name) && this.early === null) void this.ask({ command: "show", [name]: value
      ?? (name === "theme" ? "auto" : "full") } as Wish).catch(reportError);
    else this.change();
  }

  play(rate?: number): Promise<unknown> {
    return this.ask({ command: "play", ...(rate === undefined ? {} : { rate }) });
  }

  pause(): Promise<unknown> {
    return this.ask({ command: "pause" });
  }

  seek(at: number): Promise<unknown> {
    return this.ask({ command: "seek", at });
  }

  step(to: Stop | string, back = false): Promise<unknown> {
    return this.ask({ command: "step", to, back });
  }

  act(action: LabAction): Promise<unknown> {
    return this.ask({ command: "act", action });
  }

  open(link: string): Promise<unknown> {
    return this.ask({ command: "open", link });
  }

  state(): Promise<unknown> {
    return this.ask({ command: "state" });
  }

  /** A frame without a title is an unnamed hole in the page for screen reader users. */
  private entitle(): void {
    this.frame.title = this.getAttribute("title") || TITLE;
  }

  /** Attributes are set one by one, and an intermediate state may make no sense. */
  private change(): void {
    if (this.changed) return;
    this.changed = true;
    queueMicrotask(() => this.load());
  }

  /**
   * Puts all attributes into the lab's address. A lab that is ready is told of a new address, and does not
   * reload.
   */
  private load(): void {
    if (!this.changed) return;
    this.changed = false;
    const run = this.getAttribute("run") ?? "";
    const link = run.slice(run.indexOf("#") + 1);
    const isLink = /^\d+[.?]/.test(link);
    const query = new URLSearchParams(run !== "" && !isLink ? { run } : {});
    for (const name of PARAMETERS) {
      const value = this.getAttribute(name);
      if (value !== null && !(name === "lang" && value !== "en"))
        query.set(name, name === "autoplay" ? autoplay(value) : value);
    }
    const base = isLink ? link : "1";
    const address = new URL("embed/", FOLDER);
    address.hash = query.size === 0 ? base : `${base}${base.includes("?") ? "&" : "?"}${query}`;
    if (address.href === this.shown) return;
    this.shown = address.href;
    if (this.early === null) void this.ask({ command: "show", link: address.hash.slice(1) } as Wish).catch(reportError);
    else if (this.begun) this.fetch();
    else if (this.asked.size > 0) this.begin(); // it was asked before it was in the page
  }

  /** Loads the frame, because it will soon be visible or something was asked of it. */
  private begin(): void {
    if (this.begun || !this.isConnected) return;
    this.begun = true;
    this.near.disconnect();
    this.load();
    this.fetch();
  }

  private fetch(): void {
    this.frame.src = this.shown;
    this.refusal = "";
    this.refused.hidden = true;
    this.expect();
  }

  private ask(wish: Wish): Promise<unknown> {
    this.begin();
    this.load();
    if (this.refusal) return Promise.reject(new Error(this.refusal));
    if (this.asked.size >= MAX_WAITING)
      return Promise.reject(new Error(`${MAX_WAITING} commands wait for an answer already.`));
    const command = { type: "command", id: this.nextID++, ...wish } as Command;
    return new Promise((resolve, reject) => {
      this.asked.set(command.id, { resolve, reject });
      if (this.asked.size === 1) this.expect();
      if (this.early) this.early.push(command);
      else this.post(command);
    });
  }

  /** The commands are not secret, and a sandboxed frame has no origin that could be named. */
  private post(command: Command): void {
    this.frame.contentWindow?.postMessage({ source: SOURCE, version: VERSION, ...command }, "*");
  }

  private readonly hear = (e: MessageEvent<unknown>): void => {
    if (e.source === null || e.source !== this.frame.contentWindow || !isOurs(e.data)) return;
    const told = e.data as unknown as Told;
    switch (told.type) {
      case "loading":
        if (this.early === null) this.giveUp("The playground was reloaded before it answered.");
        break;
      case "failed":
        this.refuse(told.detail.text, true);
        break;
      case "ready":
        for (const command of this.early ?? []) this.post(command);
        this.early = null;
        this.refusal = "";
        this.refused.hidden = true;
        this.dispatchEvent(new CustomEvent("ready", { detail: told.detail }));
        break;
      case "leader":
      case "commit":
      case "violation":
        this.dispatchEvent(new CustomEvent(told.type, { detail: told.detail }));
        break;
      case "answer": {
        const waiting = this.asked.get(told.id);
        this.asked.delete(told.id);
        if (told.ok) waiting?.resolve(told.value);
        else waiting?.reject(new Error(told.error));
      }
    }
    this.expect();
  };

  // --- when the lab does not come, or does not answer

  /**
   * A frame that the browser refuses looks like any other to the page around it. So a frame that is silent
   * while something is waited for counts as refused or gone.
   */
  private expect(): void {
    clearTimeout(this.timer);
    this.quiet = 0;
    const waits = this.asked.size > 0 || (this.begun && this.early !== null);
    if (waits && !this.refusal) this.timer = setTimeout(this.wait, PING_MS);
  }

  private readonly wait = (): void => {
    this.quiet += PING_MS;
    if (this.quiet >= SILENT_MS) {
      if (!this.isConnected) return this.giveUp("The playground is not in a page.");
      const silent = `The playground at ${FOLDER.href} has not answered for ${SILENT_MS / 1000} seconds.`;
      return this.refuse(`${silent} It may not be there, or this page may not be allowed to frame it.`);
    }
    this.timer = setTimeout(this.wait, PING_MS);
    if (this.early === null) this.post({ type: "command", id: 0, command: "ping" });
  };

  private readonly forbid = ({ effectiveDirective, blockedURI }: SecurityPolicyViolationEvent): void => {
    if (effectiveDirective !== "frame-src" || this.early === null || !this.begun) return;
    if (blockedURI !== FOLDER.origin && !blockedURI.startsWith(FOLDER.href)) return;
    this.refuse(`The content security policy of this page (frame-src) does not allow frames from ${FOLDER.origin}.`);
  };

  /** `said`: the frame is there, and says itself what is wrong. */
  private refuse(why: string, said = false): void {
    if (this.refusal) return;
    clearTimeout(this.timer);
    this.refusal = why;
    this.giveUp(why);
    const words = document.createElement("p");
    const link = document.createElement("a");
    words.textContent = why;
    link.textContent = "Open it in its own tab";
    link.target = "_blank";
    link.rel = "noopener";
    link.href = new URL(new URL(this.shown).hash, FOLDER).href;
    this.refused.replaceChildren(words, link);
    this.refused.hidden = said;
    this.dispatchEvent(new CustomEvent("error", { detail: { message: why } }));
  }

  /** Rejects all open requests; the lab then counts as not ready. */
  private giveUp(why: string): void {
    for (const { reject } of this.asked.values()) reject(new Error(why));
    this.asked.clear();
    this.early = [];
  }
}

/** `autoplay` alone means yes, as for a video. */
const autoplay = (value: string): string => (value === "" || value === "autoplay" || value === "true" ? "1"
  : value === "false" ? "0" : value);

// A page may load the script twice, even from two addresses: the first one counts.
if (!customElements.get("raft-playground")) customElements.define("raft-playground", RaftPlaygroundElement);
