import "./room/raft-room.js";
import { WorkerSource, type Joining } from "./state/source.js";
import type { Store } from "./state/store.js";

/** Joins the room that the address names. */
export function openRoom(store: Store): void {
  const joining = readAddress(store, location);
  if (joining) new WorkerSource(store, joining);
  else store.setBoot({ state: "no room" });
}

/**
 * Reads `…/r/{code}?rate=0.1&size=5&wire=protobuf&watch=1`; a proxy may have put a path before it.
 * Parameters that are not understood are reported and left out.
 */
function readAddress(store: Store, at: Location): Joining | null {
  const [, path, room] = /^(.*)\/r\/([a-z0-9-]{4,32})\/?$/.exec(at.pathname) ?? [];
  if (!room) return null;
  const query = new URLSearchParams(at.search);
  return {
    room,
    place: path ? `${path}/${room}` : room,
    relay: `${at.protocol === "https:" ? "wss:" : "ws:"}//${at.host}${path}`,
    link: `${at.origin}${path}/r/${room}`,
    watch: query.get("watch") === "1",
    size: number(store, query, "size", (n) => Number.isInteger(n) && n >= 1 && n <= 9, "a whole number from 1 to 9"),
    encoding: query.get("wire") ?? "colon",
    rate: number(store, query, "rate", (n) => n >= 0 && n <= 1, "a number from 0 to 1"),
  };
}

function number(store: Store, query: URLSearchParams, name: string, fits: (n: number) => boolean,
  expected: string): number | null {
  const text = query.get(name);
  if (text === null) return null;
  const n = Number(text);
  if (text.trim() !== "" && fits(n)) return n;
  store.notice(`The address says ${name}=${text}; expected ${expected}.`);
  return null;
}
