import type { Acted, Advice, Answers, Batch, CellPlace, ClientRequest, Connection, Flight, FromWorker, Lab, LabAction,
  LabCatalogue, LogCell, NetworkChange, RoomState, SeatsChange, ServerView, Status, Stop, StoryLine, ToLab, ToWorker,
  U64 } from "../model.js";
import { ROOM, type Capabilities } from "./capabilities.js";
import { advance, nothingLived, extend, note, observe, type Lived } from "./lived.js";
import { removed } from "../log/logs.js";
import { most } from "../view/numbers.js";
import type { Subject } from "../story/story.js";
import { MS, SECOND } from "../view/time.js";

/**
 * The only state of the page. Sources (source.ts) write into it by batches, people through its methods, and every view
 * is a function of it.
 */

export type Topic = "clock" | "moment" | "room" | "servers" | "flights" | "story" | "requests" | "connection" | "lab"
  | "view";

export type Panel = "story" | "log" | "node" | "client" | "time" | "faults" | "rules" | "studies" | "none";

/**
 * What stands below the stage: the logs, or in the lab the space-time diagram, the inboxes or the clients' history
 * in their place.
 */
export type Dock = "logs" | "diagram" | "inboxes" | "history" | "comparison";

// of a link a < b, both directions
export type Selection = { kind: "server"; server: number } | { kind: "flight"; seq: number }
  | { kind: "link"; a: number; b: number } | null;

/** An entry that was deleted and is still visibly leaving. */
export interface Ghost {
  server: number;
  index: U64;
  cell: LogCell;
  at: number; // of performance.now()
}

export type Boot = { state: "loading"; fraction: number }
  | { state: "failed"; reason: "wasm" | "worker"; detail: string } | { state: "no room" } | { state: "running" };

/** What a person chose to see; never sent anywhere. */
export interface View {
  selection: Selection;
  hover: number | null; // a server that is pointed at in any of the views
  reading: number | null; // the story line in the heading; null: always the newest
  open: number | null; // the story line whose reason is open
  everything: boolean; // the story shows details too
  line: number | null; // a story line that is pointed at
  teller: number | null; // the story of this server only, 0: of the network and of people; null: of all
  about: Subject | null; // the story of these kinds only; null: of all
  later: boolean; // the story shows what comes after the playhead
  // the open one on narrow screens, and of the lab's right column; null: what the layout starts with
  panel: Panel | null;
  dock: Dock;
  compared: boolean; // two runs were compared, and can be looked at
  dialog: "none" | "share" | "gallery" | "wrong"; // the lab's
  wrong: string; // what is wrong with a link or a file, for the dialog of that name
  kept: boolean; // in that dialog: the run that was open before still is
  opening: string | null; // the lab's first words, until somebody does something
  // beside the run that was opened: what to watch, which is the story of its first branch only, or that it
  // goes another way
  remark: { title: string; text: string; story?: true } | null;
  storyHidden: boolean;
  inspectorHidden: boolean;
  cell: CellPlace | null; // a log entry that is pointed at
  wide: boolean | null; // log cells with their commands; null: by the number of columns
  seenBy: number | null; // the leader whose view the logs show when there are two; null: the newest one's
  logsHeight: number | null; // px; null: what the number of servers needs
  notice: string; // one sentence that goes away by itself
  keys: boolean; // the list of keys is open
  stop: Stop; // what a step of the lab's clock is
  rule: string | null; // the rule that is open among the rules
  menu: number | null; // the server whose menu is open
  side: number[] | null; // one side of the cut that is being chosen on the stage; null: none is
  pulses: boolean; // heartbeats and their replies always show as pulses of their links
  undo: { text: string; acts: LabAction[] } | null; // what was just done, and what takes it back
}

/** Anything that brings batches and takes wishes: the Worker of a live room, or the lab's. */
export interface Source {
  readonly can: Capabilities;
  post(message: ToWorker | ToLab): void;
}

const FLIGHTS = 500;
const STORY = 1_000;
const DETAILS = 400; // of them; the oldest go first
const REQUESTS = 50;
const EARLY = 50; // wishes that may wait for the cluster to be loaded
const GHOST_MS = 700;
const RESTART = 2 * SECOND; // a clock that falls back further belongs to another room under the old name
const NOTICE_MS = 6_000;
const ENDED = "The cluster has ended. Load the page again.";

export class Store {
  can = ROOM; // what the source can; set before anything is drawn (main.ts), and again by the source itself
  boot: Boot = { state: "loading", fraction: 0 };
  recorded = false; // the lab's film is shown; its Worker has not reported yet
  code = "";
  link = "";
  room: RoomState | null = null;
  connection: Connection = { state: "connecting" };
  self: Status = { server: null, role: null, term: 0, leader: null, commitIndex: 0, lastIndex: 0, appliedIndex: 0,
    stateHash: "", connected: false, disk: "none" };
  watching = "";
  advice: Advice[] = []; // about the room, and the decisions that people can take
  servers: ServerView[] = [];
  answers: Answers | null = null; // to the questions that one would ask about the servers
  flights = new Map<number, Flight>();
  story: StoryLine[] = [];
  requests: ClientRequest[] = [];
  qr: { size: number; rows: string[] } | null = null;
  lab: Lab | null = null; // null: no run is open
  catalogue: LabCatalogue = { deeds: [], moments: [], arguments: [] }; // what deeds there are; empty until it is told
  travelling = false; // the lab is on its way to another moment: written by seek and step only
  ghosts: Ghost[] = [];
  lived: Lived = nothingLived();
  view: View = { selection: null, hover: null, reading: null, open: null, everything: false, line: null, teller: null,
    about: null, later: false, cell: null, panel: null, dock: "logs", compared: false, dialog: "none", wrong: "",
    kept: false, opening: null, remark: null, storyHidden: false, inspectorHidden: false, wide: null, seenBy: null,
    logsHeight: null, notice: "", keys: false, stop: "event", rule: null, menu: null, side: null, pulses: false,
    undo: null };

  private clock = { now: 0, rate: 0, read: 0, told: 0 }; // told: the cluster time of the last batch, as it came
  private rateBefore = 0.1;
  private listeners = new Set<(changed: Set<Topic>) => void>();
  private batchListeners = new Set<(batch: Batch) => void>();
  private source: Source | null = null;
  private early: (ToWorker | ToLab)[] = []; // messages for the source from before there was one
  private asked = new Map<number, { resolve: (value: unknown) => void; reject: (why: Error) => void }>();
  private nextID = 1;
  private newest: StoryLine | null = null; // of the lines that matter
  private lastOfBefore = 0; // the last line of the story before the room's clock began anew
  private noticeTimer: ReturnType<typeof setTimeout> | undefined;
  private wish: { at: number } | { to: Stop; back: boolean } | null = null; // where to go next
  private stepped = { at: -1, text: "" }; // where the last step led, and what happens there

  // --- reading

  /** Cluster time now, extrapolated from the last clock by its rate. */
  now(at = performance.now()): number {
    return this.clock.now + (at - this.clock.read) * this.clock.rate * MS;
  }

  get rate(): number {
    return this.clock.rate;
  }

  get paused(): boolean {
    return this.room?.started === true && this.room.rate === 0;
  }

  /** The pace that Play returns to. */
  get pace(): number {
    return this.rate > 0 ? this.rate : this.rateBefore;
  }

  set pace(rate: number) {
    this.rateBefore = rate;
  }

  /** How far the cluster's time was lived. The lab can show any earlier moment: now is the playhead. */
  get end(): number {
    return this.lab ? Math.max(this.lab.end, this.clock.told) : this.lived.end;
  }

  /** How far the playhead is from where the branch ends: 0 at its end, and in a live room. */
  get behind(): number {
    return this.lab ? Math.max(0, this.lab.end - this.clock.told) : 0;
  }

  /** Whether something has happened by the moment that is shown. The lab's story goes on after it. */
  past(line: { at: number }): boolean {
    return line.at <= this.told;
  }

  /** The next message under way or held, after the selected one; the first if none is selected. */
  nextFlight(): Flight | undefined {
    const now = this.now();
    const { selection } = this.view;
    const flying = [...this.flights.values()].filter((f) => f.fate === "sent" && (f.held || f.due > now));
    const place = selection?.kind === "flight" ? flying.findIndex((f) => f.seq === selection.seq) : -1;
    return flying[(place + 1) % Math.max(1, flying.length)];
  }

  /** The highest term: at the moment shown if the source can seek, else of all that this tab has seen. */
  get term(): U64 {
    return this.can.seek ? this.highest("term") : (this.lived.terms.at(-1)?.term ?? this.self.term);
  }

  /** As term, the highest commitIndex. */
  get commitIndex(): U64 {
    return this.can.seek ? this.highest("commitIndex") : this.lived.commit;
  }

  private highest(field: "term" | "commitIndex"): U64 {
    return this.servers.reduce<U64>((all, s) => most(all, s.report?.[field] ?? 0), 0);
  }

  /** The leaders, the newest term first: an older one has not yet heard that its term is over. */
  get leaders(): ServerView[] {
    return (this.answers?.leaders ?? []).flatMap((id) => this.server(id) ?? []);
  }

  /** The leader of the newest term; null if there is none. */
  get leader(): ServerView | null {
    return this.leaders[0] ?? null;
  }

  server(id: number): ServerView | undefined {
    return this.servers.find((s) => s.server === id);
  }

  /** The newest important event by the moment shown, or the one that is being read. */
  get headline(): StoryLine | null {
    const { reading } = this.view;
    const read = reading === null ? undefined : this.story.find((l) => l.id === reading);
    // the playhead may have left the event that was read
    if (read && !(this.lab && this.paused && Math.abs(read.at - this.now()) > 1)) return read;
    return this.newest;
  }

  /**
   * What happened at the step that led to the clock's place, empty if no step did. It need not be a line of
   * the story.
   */
  get stepWords(): string {
    return this.paused && this.stepped.at === this.clock.told ? this.stepped.text : "";
  }

  /** The end of the told story: the playhead when the past is shown, else without end. */
  get told(): number {
    return this.behind > 0 ? this.clock.told : Infinity;
  }

  /** Calls fn with the topics that changed, until the listener is `gone`. */
  subscribe(fn: (changed: Set<Topic>) => void, gone?: AbortSignal): void {
    this.listeners.add(fn);
    gone?.addEventListener("abort", () => this.listeners.delete(fn));
  }

  /** As subscribe, with every batch after it was applied; for the stage's moving marks and for api.ts. */
  onBatch(fn: (batch: Batch) => void, gone?: AbortSignal): () => void {
    this.batchListeners.add(fn);
    const stop = () => void this.batchListeners.delete(fn);
    gone?.addEventListener("abort", stop);
    return stop;
  }

  // --- what the source tells

  connect(source: Source): void {
    this.source = source;
    this.can = source.can;
    for (const message of this.early.splice(0)) source.post(message);
  }

  setBoot(boot: Boot): void {
    this.boot = boot;
    // no other answer will come
    if (boot.state === "failed") for (const id of [...this.asked.keys()]) this.answer(id, false, null, ENDED);
    this.tell("connection");
  }

  apply(batch: Batch): void {
    const changed = new Set<Topic>();
    if (this.boot.state === "loading" && !this.recorded) {
      this.boot = { state: "running" };
      changed.add("connection");
    }
    if (batch.moment) this.leaveMoment(batch.moment, changed);
    if (batch.lab) {
      this.lab = batch.lab;
      changed.add("lab");
    }
    if (batch.clock) this.setClock(batch, changed);
    if (batch.room) {
      this.room = batch.room;
      if (batch.room.rate > 0) this.rateBefore = batch.room.rate;
      changed.add("room");
    }
    if (batch.connection) this.setConnection(batch.connection);
    if (batch.self) this.self = batch.self;
    if (batch.watching !== undefined) this.watching = batch.watching;
    if (batch.advice) this.advice = batch.advice;
    if (batch.qr) this.qr = batch.qr;
    if (batch.connection || batch.self || batch.watching !== undefined || batch.advice || batch.qr)
      changed.add("connection");
    if (batch.answers) {
      this.answers = batch.answers;
      changed.add("servers");
    }
    if (batch.servers) this.setServers(batch.servers, batch.moment !== undefined, changed);
    if (batch.flights || batch.lost) this.setFlights(batch, changed);
    if (batch.story) this.addStory(batch.story, changed);
    if (batch.requests) this.setRequests(batch.requests, changed);
    if (batch.notice && batch.notice !== this.watching) this.notice(batch.notice); // that is said for longer already
    if (this.can.seek) this.setLived(batch);
    else if (this.room?.started) advance(this.lived, this.now());
    if (batch.story || (this.lab && batch.clock)) this.findNewest(changed);
    for (const fn of this.batchListeners) fn(batch);
    this.tell(...changed);
  }

  /** Takes a Worker's messages other than batches. */
  hear(message: Exclude<FromWorker, { type: "batch" }>): void {
    switch (message.type) {
      case "loading":
        this.setBoot({ state: "loading", fraction: message.fraction });
        break;
      case "failed":
        this.setBoot({ state: "failed", reason: message.reason, detail: message.detail });
        break;
      case "ready":
        break;
      case "answer":
        this.answer(message.id, message.ok, message.value, message.error);
        break;
    }
  }

  learn(catalogue: LabCatalogue): void {
    this.catalogue = catalogue;
    this.tell("lab");
  }

  answer(id: number, ok: boolean, value: unknown, error: string): void {
    const waiting = this.asked.get(id);
    this.asked.delete(id);
    if (ok) waiting?.resolve(value);
    else waiting?.reject(new Error(error));
  }

  /** Without the room its clock is not known to run: what is drawn stands still. */
  private setConnection(connection: Connection): void {
    this.connection = connection;
    const at = performance.now();
    if (connection.state !== "open") this.clock = { ...this.clock, now: this.now(at), rate: 0, read: at };
  }

  /** Drops what belonged to the moment, or the run, that was shown until now. */
  private leaveMoment(moment: "jump" | "run", changed: Set<Topic>): void {
    this.flights.clear();
    this.ghosts = [];
    changed.add("flights").add("moment");
    if (moment === "jump") return;
    this.story = [];
    this.requests = [];
    this.servers = [];
    this.lived = nothingLived();
    this.view = { ...this.view, reading: null, open: null, cell: null };
    changed.add("story").add("requests").add("servers").add("view");
  }

  private setClock({ clock, moment }: Batch, changed: Set<Topic>): void {
    if (!clock) return;
    const at = performance.now();
    const error = clock.now - this.now(at);
    const steady = moment === undefined && clock.rate === this.clock.rate && clock.rate > 0 &&
      Math.abs(error) < 60 * MS * clock.rate;
    // A batch is some milliseconds under way, never the same: following each would make every mark tremble.
    if (!this.can.seek && clock.now < this.lived.end - RESTART) {
      this.lived = nothingLived();
      this.lastOfBefore = this.story.reduce((last, l) => Math.max(last, l.id), 0);
    }
    this.clock = { now: steady ? this.now(at) + error * 0.1 : clock.now, rate: clock.rate, read: at, told: clock.now };
    changed.add("clock");
  }

  private setServers(servers: ServerView[], jumped: boolean, changed: Set<Topic>): void {
    const at = performance.now();
    this.ghosts = this.ghosts.filter((g) => at - g.at < GHOST_MS);
    for (const s of jumped ? [] : servers) {
      const left = removed(this.server(s.server)?.report, s.report);
      this.ghosts.push(...left.slice(-32).map((r) => ({ ...r, at })));
    }
    this.ghosts = this.ghosts.slice(-64);
    this.servers = servers;
    if (!this.can.seek && this.room?.started) observe(this.lived, servers, this.leader, this.now());
    changed.add("servers");
  }

  private setFlights(batch: Batch, changed: Set<Topic>): void {
    for (const f of batch.flights ?? []) this.flights.set(f.seq, f);
    for (const l of batch.lost ?? []) {
      const f = this.flights.get(l.seq);
      if (f) this.flights.set(l.seq, { ...f, fate: l.fate, lostAt: l.at });
    }
    for (const seq of this.flights.keys()) {
      if (this.flights.size <= FLIGHTS) break;
      this.flights.delete(seq);
    }
    changed.add("flights");
  }

  private addStory(lines: StoryLine[], changed: Set<Topic>): void {
    if (!this.can.seek) for (const line of lines) note(this.lived, line);
    // Reports of other servers arrive later than those of this tab's own: the story is kept in the order of
    // events.
    const before = (l: StoryLine) => l.id <= this.lastOfBefore;
    const order = (a: StoryLine, b: StoryLine) => (before(a) || before(b) ? Number(before(b)) - Number(before(a))
      : a.at - b.at || a.id - b.id);
    this.story = [...this.story, ...lines].sort(order);
    let over = Math.min(this.story.length - STORY, this.story.filter((l) => l.weight === "detail").length - DETAILS);
    if (over > 0) this.story = this.story.filter((l) => l.weight === "key" || over-- <= 0);
    this.story = this.story.slice(-STORY);
    changed.add("story");
  }

  private findNewest(changed: Set<Topic>): void {
    const newest = this.story.findLast((l) => l.weight === "key" && this.past(l)) ?? null;
    if (newest !== this.newest) changed.add("story");
    this.newest = newest;
  }

  private setLived({ lived, lab }: Batch): void {
    if (lived) extend(this.lived, lived);
    if (lab) Object.assign(this.lived, { begin: 0, end: lab.end });
  }

  private setRequests(requests: ClientRequest[], changed: Set<Topic>): void {
    for (const r of requests) {
      const i = this.requests.findIndex((q) => q.id === r.id);
      if (i >= 0) this.requests[i] = r;
      else {
        this.requests.push(r);
        if (r.op === "get" || this.can.seek) continue;
        this.lived.marks.push({ at: this.now(), kind: "write", server: r.server, text: `${r.op} ${r.key}` });
      }
    }
    this.requests = this.requests.slice(-REQUESTS);
    changed.add("requests");
  }

  // --- what people do

  /** Asks a server, null: whoever leads. Resolves when the Worker knows the outcome, rejects with words to show. */
  request(op: ClientRequest["op"], key: string, value: string, server: number | null, more: Pick<ClientRequest,
    "expected" | "read"> = {}): Promise<unknown> {
    if (this.paused) this.notice("The clock is paused, so this waits.");
    return this.ask((id) => ({ type: "request", id, op, key, value, server, ...more }));
  }

  network(change: NetworkChange): Promise<unknown> {
    return this.ask((id) => ({ type: "network", id, change }));
  }

  /** Sets the clock's rate, or starts it, for a click: errors are shown on the page. */
  changeClock(change: Pick<NetworkChange, "rate" | "start">): void {
    this.network(change).catch((why: Error) => this.notice(why.message));
  }

  setRate(rate: number): void {
    this.changeClock({ rate });
  }

  /**
   * Does something to the cluster at the moment shown. With `done`, words for the deed, it offers the undo
   * that the source knows; a refusal is shown on the page.
   */
  async act(acts: LabAction[], done = ""): Promise<void> {
    const undo: LabAction[] = [];
    try {
      for (const action of acts) {
        const acted = (await this.askLab((id) => ({ type: "act", id, action }))) as Acted | null;
        undo.unshift(...(acted?.undo ?? []));
      }
    } catch (why) {
      return this.notice((why as Error).message);
    }
    this.show({ undo: done && undo.length > 0 ? { text: done, acts: undo } : null, notice: "" });
  }

  togglePause(): void {
    if (!this.room?.started) return;
    this.setRate(this.paused ? this.rateBefore : 0);
  }

  /** Decides about the room's seats, for a click. */
  decide(seats: SeatsChange): void {
    this.ask((id) => ({ type: "seats", id, seats })).catch((why: Error) => this.notice(why.message));
  }

  reconnect(): void {
    this.source?.post({ type: "reconnect" });
  }

  /** Copies the room's link, or shows it where a page may not copy. */
  copyLink(): void {
    const copied = navigator.clipboard?.writeText(this.link) ?? Promise.reject(new Error("no clipboard"));
    copied.then(
      () => this.notice("The room's link is copied."),
      () => this.notice(`Copy it from here: ${this.link}`),
    );
  }

  select(selection: Selection): void {
    this.show({ selection, panel: selection ? "node" : this.view.panel });
  }

  show(change: Partial<View>): void {
    this.view = { ...this.view, ...change };
    if ("cell" in change || "side" in change) this.regard();
    this.tell("view");
  }

  /** Tells the source what is pointed at, since the answers depend on it. */
  regard(): void {
    this.source?.post({ type: "regard", cell: this.view.cell, side: this.view.side ?? [] });
  }

  /** Says one thing for a few seconds. */
  notice(text: string): void {
    clearTimeout(this.noticeTimer);
    this.noticeTimer = setTimeout(() => this.show({ notice: "" }), NOTICE_MS);
    this.show({ notice: text });
  }

  /** Asks the lab something; a wish that it cannot grant is an Error with words to show. */
  askLab(message: (id: number) => ToLab): Promise<unknown> {
    return this.ask(message);
  }

  /** As askLab, for a click: errors are shown on the page. */
  wishLab(message: (id: number) => ToLab): void {
    this.askLab(message).catch((why: Error) => this.notice(why.message));
  }

  /**
   * Goes to a moment of the branch. While the lab is on its way to one, the newest wish waits and older
   * ones are dropped.
   */
  seek(at: number): void {
    this.wish = { at: Math.round(Math.max(0, at)) };
    if (!this.travelling) void this.travel();
  }

  /**
   * On or back to where the next step ends. While the lab is on its way, one further step waits, unless a moment does.
   * The clock is paused then.
   */
  step(to: Stop, back: boolean): void {
    if (!this.lab || (this.wish && "at" in this.wish)) return;
    this.wish = { to, back };
    if (!this.travelling) void this.travel();
  }

  /** To the end of the branch. */
  goLive(): void {
    if (this.lab) this.seek(this.lab.end);
  }

  private async travel(): Promise<void> {
    const { wish } = this;
    if (!wish) return;
    this.wish = null;
    this.travelling = true;
    this.stepped.at = -1;
    try {
      const answer = await this.askLab((id) => ("at" in wish ? { type: "seek", id, at: wish.at }
        : { type: "step", id, ...wish }));
      if ("to" in wish) this.stepped = answer as { at: number; text: string };
      this.tell("story");
    } catch (why) {
      this.notice((why as Error).message);
    }
    this.travelling = false;
    void this.travel();
  }

  private ask(message: (id: number) => ToWorker | ToLab): Promise<unknown> {
    if (this.boot.state === "failed") return Promise.reject(new Error(ENDED));
    if (this.early.length >= EARLY) {
      return Promise.reject(new Error(`The cluster has not started yet, and ${EARLY} wishes wait for it.`));
    }
    const id = this.nextID++;
    return new Promise((resolve, reject) => {
      this.asked.set(id, { resolve, reject });
      if (this.source) this.source.post(message(id));
      else this.early.push(message(id));
    });
  }

  private tell(...topics: Topic[]): void {
    const changed = new Set(topics);
    if (changed.size > 0) for (const fn of this.listeners) fn(changed);
  }
}

export const store = new Store();
