/**
 * What a dedicated Worker finds in a browser, as far as web/src/worker needs it: a file system with exclusive handles
 * that can die at any operation.
 */

export class Disk {
  /** Operations that still succeed; then the machine is dead until revive. */
  left = Infinity;
  /** Bytes that all files may have together. A write beyond them is refused, or, as some browsers have it, short. */
  room = Infinity;
  short = false;
  root = new Directory(this);

  operation() {
    if (this.left <= 0) throw new Error("the machine is off");
    this.left -= 1;
  }

  /** How many of the bytes there is room for in a file that is to have that size. */
  roomFor(file, bytes, size) {
    const missing = this.root.size() - file.current.length + size - this.room;
    if (missing <= 0 || size <= file.current.length) return bytes;
    if (!this.short) throw new DOMException("the disk is full", "QuotaExceededError");
    return Math.max(0, bytes - missing);
  }

  /**
   * After a crash: nobody holds anything, what was flushed is there, of what was not flushed what
   * survives (see survivors).
   */
  revive(survivors) {
    this.left = Infinity;
    this.root.crash(survivors);
  }
}

class Directory {
  kind = "directory";
  #entries = new Map();

  constructor(disk) {
    this.disk = disk;
  }

  async getDirectoryHandle(name, { create = false } = {}) {
    return this.#entry(name, create, () => new Directory(this.disk));
  }

  async getFileHandle(name, { create = false } = {}) {
    return this.#entry(name, create, () => new File(this.disk));
  }

  /** What stands at a path below this one. */
  at(...names) {
    return names.reduce((entry, name) => entry.#entries.get(name), this);
  }

  async removeEntry(name) {
    this.disk.operation();
    if (!this.#entries.delete(name)) throw new DOMException(name, "NotFoundError");
  }

  async *[Symbol.asyncIterator]() {
    yield* this.#entries;
  }

  #entry(name, create, make) {
    this.disk.operation();
    if (!this.#entries.has(name)) {
      if (!create) throw new DOMException(name, "NotFoundError");
      this.#entries.set(name, make());
    }
    return this.#entries.get(name);
  }

  crash(survivors) {
    for (const entry of this.#entries.values()) entry.crash(survivors);
  }

  size() {
    return [...this.#entries.values()].reduce((sum, entry) => sum + entry.size(), 0);
  }
}

class File {
  kind = "file";
  flushed = new Uint8Array(0);
  current = new Uint8Array(0);
  unflushed = []; // changes since the last flush
  held = false;

  constructor(disk) {
    this.disk = disk;
  }

  async getFile() {
    this.disk.operation();
    return { text: async () => new TextDecoder().decode(this.current) };
  }

  async createSyncAccessHandle() {
    this.disk.operation();
    if (this.held) throw new DOMException("the file is held", "NoModificationAllowedError");
    this.held = true;
    return new Handle(this);
  }

  size() {
    return this.current.length;
  }

  /** Puts something else in the place of all that is there. */
  become(content) {
    this.current = this.flushed = content;
  }

  change(change) {
    this.disk.operation();
    this.current = applied(this.current, change);
    this.unflushed.push(change);
  }

  flush() {
    this.disk.operation();
    this.flushed = this.current;
    this.unflushed = [];
  }

  crash(survivors) {
    this.held = false;
    this.flushed = survivors(this.unflushed).reduce(applied, this.flushed);
    this.current = this.flushed;
    this.unflushed = [];
  }
}

function applied(content, { at, bytes, size }) {
  const next = new Uint8Array(size ?? Math.max(content.length, at + bytes.length));
  next.set(content.subarray(0, next.length));
  if (bytes !== undefined) next.set(bytes, at);
  return next;
}

/** What of the unflushed changes a crash may leave: a disk writes in any order, and a write may end half way. */
export const survivors = {
  none: () => [],
  all: (changes) => changes,
  last: (changes) => changes.slice(-1),
  "all but the last": (changes) => changes.slice(0, -1),
  "half of the last": (changes) => changes.slice(-1)
    .map((c) => (c.bytes === undefined ? c : { at: c.at, bytes: c.bytes.subarray(0, c.bytes.length / 2) })),
};

/** As survivors, for writes of many blocks: any of them are there, and what was never written is zeros. */
export const blocks = (random, size) => (changes) =>
  changes.flatMap((change) => {
    if (change.bytes === undefined) return random() < 0.5 ? [change] : [];
    const pieces = [];
    for (let from = change.at; from < change.at + change.bytes.length; ) {
      const to = Math.min((Math.floor(from / size) + 1) * size, change.at + change.bytes.length);
      if (random() < 0.5) pieces.push({ at: from, bytes: change.bytes.subarray(from - change.at, to - change.at) });
      from = to;
    }
    return pieces;
  });

class Handle {
  constructor(file) {
    this.file = file;
  }

  write(bytes, { at }) {
    const taken = this.file.disk.roomFor(this.file, bytes.length, at + bytes.length);
    this.file.change({ at, bytes: bytes.slice(0, taken) });
    return taken;
  }

  read(into, { at }) {
    const bytes = this.file.current.subarray(at, at + into.length);
    into.set(bytes);
    return bytes.length;
  }

  truncate(size) {
    this.file.change({ size });
  }

  flush() {
    this.file.flush();
  }

  getSize() {
    return this.file.current.length;
  }

  close() {
    this.file.held = false;
  }
}

/** A room with one seat, as far as one tab can tell it from a hub. */
export class Room {
  lease = null;
  claim = 0;
  client = 1000;
  joins = [];

  receive(socket, text) {
    const message = text.startsWith("{") ? JSON.parse(text) : null;
    const say = (answer) => queueMicrotask(() => socket.onmessage?.({ data: typeof answer === "string" ? answer
      : JSON.stringify({ jsonrpc: "2.0", ...answer }) }));
    if (message?.method === "join") {
      this.joins.push(message.params);
      const fresh = this.lease === null;
      this.lease ??= "0123456789abcdef0123456789abcdef";
      this.client += 1;
      this.claim += 1;
      say({ id: message.id, result: { room: "smoke", client: this.client, clients: 1001, server: 1, lease: this.lease,
        claim: this.claim, made: "ab", anew: false, fresh, ...this.state() } });
    } else if (message?.to !== undefined) {
      say(text); // of the client to the server, or back: both are this tab
    } else if (message?.method !== undefined) {
      say({ id: message.id, result: true });
      if (message.method === "network")
        say({ method: "room", params: { room: "smoke", watchers: 0, ...this.state() } });
    }
  }

  state() {
    const servers = [{ server: 1, leased: true, connected: true, name: "", hidden: false, disk: "opfs",
      roundTrip: 400 }];
    return { size: 1, started: true, rate: 1, now: 1000, servers, links: [] };
  }
}

export function webSocketOf(room) {
  return class {
    static OPEN = 1;
    readyState = 0;
    bufferedAmount = 0;

    constructor(url) {
      this.url = url;
      queueMicrotask(() => {
        this.readyState = 1;
        this.onopen?.();
      });
    }

    send(text) {
      room.receive(this, text);
    }

    close() {
      this.readyState = 3;
    }
  };
}
