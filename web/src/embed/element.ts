import type { LabAction, Stop } from "../model.js";
import { isOurs, SOURCE, VERSION, type Command, type Told } from "./protocol.js";

/**
 * <raft-playground>: the lab as an element of any page. One classic script, which finds the lab beside itself:
 *
 *     <script src="https://…/raft-playground.js" async></script>
 *     <raft-playground run="figure-8" controls="play" style="height: 480px"></raft-playground>
 *
 * Attributes: `run` (the name of a run of the gallery, or a link of the lab), or instead of it `size` (1 to 9), `seed` and `off` (IDs of rules, with commas between);
 * `at` (seconds of cluster time), `rate` (0.001 to 1), `controls` (full, play, none), `theme` (light, dark, auto), `autoplay` (1, 0), `lang` (en), `title`. A change
 * of one shows at once, several that are changed together as one. Its size is CSS's affair.
 *
 * Events, each with what happened as its `detail`: `ready`, `leader`, `commit`, `violation` (protocol.ts). Methods, each a promise: `play(rate)`, `pause()`,
 * `seek(ms)`, `step(to, back)`, `act(action)`, `open(link)`, `state()`. What is asked before the lab is ready waits for it; what is asked is done in its order, changes of attributes too.
 */
const FOLDER = new URL(".", (document.currentScript as HTMLScriptElement | null)?.src ?? document.querySelector<HTMLScriptElement>('script[src*="raft-playground.js"]')?.src ?? location.href);
const PARAMETERS = ["size", "seed", "off", "at", "rate", "controls", "theme", "autoplay", "lang"] as const;
const LOOKS = ["controls", "theme"]; // can change without another run
const TITLE = "Raft playground: a simulated cluster of servers";
const MAX_WAITING = 64;
const STYLE = ":host{display:block;width:100%;height:580px}:host([hidden]){display:none}iframe{display:block;width:100%;height:100%;border:0}";

/** What is asked and not answered. */
interface Waiting {
  resolve(value: unknown): void;
  reject(why: Error): void;
}

type Wish = Command extends infer C ? (C extends Command ? Omit<C, "type" | "id"> : never) : never;

class RaftPlaygroundElement extends HTMLElement {
  static readonly observedAttributes = ["run", "title", ...PARAMETERS];

  private readonly frame = document.createElement("iframe");
  private readonly asked = new Map<number, Waiting>();
  private early: (Command & object)[] | null = []; // what was asked before the lab was ready; null: it is
  private nextID = 1;
  private shown = ""; // the address that the frame shows
  private changed = false; // attributes, which are not yet shown

  constructor() {
    super();
    const style = document.createElement("style");
    style.textContent = STYLE;
    this.frame.loading = "lazy";
    this.frame.allow = "fullscreen; clipboard-write";
    this.attachShadow({ mode: "open" }).append(style, this.frame);
  }

  connectedCallback(): void {
    addEventListener("message", this.hear);
    this.entitle();
    this.shown = "";
    this.change();
  }

  /** The lab ends with its frame: what it was asked is answered no more. */
  disconnectedCallback(): void {
    removeEventListener("message", this.hear);
    for (const { reject } of this.asked.values()) reject(new Error("The playground was taken out of the page."));
    this.asked.clear();
    this.early = [];
  }

  attributeChangedCallback(name: string, _: string | null, value: string | null): void {
    if (!this.isConnected) return;
    if (name === "title") this.entitle();
    else if (LOOKS.includes(name) && this.early === null) void this.ask({ command: "show", [name]: value ?? (name === "theme" ? "auto" : "full") } as Wish).catch(reportError);
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

  step(to: Stop, back = false): Promise<unknown> {
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

  /** A frame without a title is an unnamed hole in the page for who cannot see it. */
  private entitle(): void {
    this.frame.title = this.getAttribute("title") || TITLE;
  }

  /** Attributes are set one after the other, and in between they may make no sense. */
  private change(): void {
    if (this.changed) return;
    this.changed = true;
    queueMicrotask(() => this.load());
  }

  /** The lab's address says all of the attributes. Once the lab is ready it is told of another one, and loads nothing anew. */
  private load(): void {
    if (!this.changed) return;
    this.changed = false;
    const run = this.getAttribute("run") ?? "";
    const link = run.slice(run.indexOf("#") + 1);
    const isLink = /^\d+[.?]/.test(link);
    const query = new URLSearchParams(run !== "" && !isLink ? { run } : {});
    for (const name of PARAMETERS) {
      const value = this.getAttribute(name);
      if (value !== null && !(name === "lang" && value !== "en")) query.set(name, name === "autoplay" ? autoplay(value) : value);
    }
    const base = isLink ? link : "1";
    const address = new URL("embed/", FOLDER);
    address.hash = query.size === 0 ? base : `${base}${base.includes("?") ? "&" : "?"}${query}`;
    if (address.href === this.shown) return;
    this.shown = address.href;
    if (this.early === null) void this.ask({ command: "show", link: address.hash.slice(1) } as Wish).catch(reportError);
    else if (this.frame.src !== address.href) this.frame.src = address.href;
  }

  private ask(wish: Wish): Promise<unknown> {
    this.load();
    if (this.asked.size >= MAX_WAITING) return Promise.reject(new Error(`${MAX_WAITING} commands wait for an answer already.`));
    const command = { type: "command", id: this.nextID++, ...wish } as Command;
    return new Promise((resolve, reject) => {
      this.asked.set(command.id, { resolve, reject });
      if (this.early) this.early.push(command);
      else this.post(command);
    });
  }

  /** Nothing of it is secret, and a sandboxed frame has no origin that could be named. */
  private post(command: Command): void {
    this.frame.contentWindow?.postMessage({ source: SOURCE, version: VERSION, ...command }, "*");
  }

  private readonly hear = (e: MessageEvent<unknown>): void => {
    if (e.source === null || e.source !== this.frame.contentWindow || !isOurs(e.data)) return;
    const told = e.data as unknown as Told;
    switch (told.type) {
      case "ready":
        for (const command of this.early ?? []) this.post(command);
        this.early = null;
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
  };
}

/** `autoplay` alone means yes, as of a video. */
const autoplay = (value: string): string => (value === "" || value === "autoplay" || value === "true" ? "1" : value === "false" ? "0" : value);

customElements.define("raft-playground", RaftPlaygroundElement);
