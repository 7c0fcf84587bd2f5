/**
 * Kills the machine at every operation of a life of a disk (OPFS) and looks what is left: node disk.mjs DISK_BUNDLE.
 */
import assert from "node:assert/strict";
import { pathToFileURL } from "node:url";
import { Disk, survivors } from "./platform.mjs";

const { openStore, Superseded } = await import(pathToFileURL(process.argv[2]));
const decode = (bytes) => new TextDecoder().decode(bytes);
const text = ({ bytes }) => decode(bytes);
const bytes = (words) => new TextEncoder().encode(words);

let deaths = 0;
await everyDeath(async () => {}, live, afterwards);
// A seat's number is given anew: its new ticket must never meet the old log, nor the old ticket an emptied one.
await everyDeath(
  async (store) => {
    const seat = await store.create(4, "3:old", 1);
    seat.append(bytes("old,"));
    seat.close();
  },
  async (store) => (await store.create(4, "3:new", 2)).close(),
  async (death) => {
    const store = await openStore("room");
    const seat = await store.open(4);
    if (seat !== null) {
      const content = text(await seat.take(3));
      assert.ok(["3:old old, 1", "3:new  2"].includes(`${seat.ticket} ${content} ${seat.claim}`),
        `${death}: ${seat.ticket} of claim ${seat.claim} with "${content}"`);
    }
  },
);
// A claim is the new one or the one before, whenever the machine dies.
await everyDeath(
  async (store) => (await store.create(4, "3:lease", 6)).close(),
  async (store, life) => {
    life.claim = 6;
    const seat = await store.open(4);
    for (const claim of [7, 9, 10]) {
      await seat.take(claim);
      life.claim = claim;
    }
  },
  async (death, life) => {
    const seat = await (await openStore("room")).open(4);
    assert.ok(seat.claim >= life.claim && seat.claim <= 10,
      `${death}: claim ${life.claim} was taken, ${seat.claim} is left`);
    await assert.rejects(seat.take(seat.claim), Superseded);
  },
);
assert.ok(deaths > 100, `the machine died only ${deaths} times`);
process.exit(0);

/** Prepares a disk, lives on it until the machine dies at each operation in turn, and looks at what is left of it. */
async function everyDeath(prepare, life, look) {
  for (const [what, survive] of Object.entries(survivors)) {
    for (let operations = 0, died = true; died; operations++) {
      const disk = new Disk();
      Object.defineProperty(globalThis, "navigator", { value: { storage: { getDirectory: async () => disk.root } },
        configurable: true });
      const store = await openStore("room");
      assert.equal(store.kind, "opfs");
      await prepare(store);
      disk.left = operations;
      const state = { durable: null, next: null };
      died = await life(store, state).then(() => false, () => true);
      disk.revive(survive);
      await look(`died at operation ${operations}, of the unflushed ${what}`, state);
      deaths += died ? 1 : 0;
    }
  }
}

/** durable: the content that was acknowledged; next: what the call under way would make of it. */
async function live(store, life) {
  const seat = await store.create(4, "3:lease", 1);
  life.durable = life.next = "";
  for (const [call, words] of [["append", "one,"], ["append", "two,"], ["replace", "1 2,"], ["append", "three,"],
    ["replace", "1 2 3,"], ["replace", "all,"], ["append", "four,"]]) {
    life.next = call === "append" ? life.durable + words : words;
    assert.equal(seat[call](bytes(words)), true);
    life.durable = life.next;
  }
}

async function afterwards(death, life) {
  const store = await openStore("room");
  const listed = await store.list();
  const seat = listed.includes(4) ? await store.open(4) : null;
  if (life.durable === null) {
    // Nobody was told of the seat: it may be there, but then it is whole and empty.
    if (seat !== null) assert.equal(text(await seat.take(2)), "", death);
    return;
  }
  assert.ok(seat, `${death}: the seat is gone`);
  assert.equal(seat.ticket, "3:lease");
  const content = await seat.take(2);
  const left = text(content);
  const known = content.confirmed <= life.durable.length || left === life.next;
  assert.ok(known, `${death}: ${content.confirmed} bytes of "${left}" are said to be confirmed`);
  // Of an append under way any beginning may be there; never less than what was acknowledged. A replacement is
  // all or nothing.
  const torn = life.next.startsWith(life.durable) && left.startsWith(life.durable) && life.next.startsWith(left);
  assert.ok(left === life.next || left === life.durable || torn,
    `${death}: "${life.durable}" → "${life.next}" left "${left}"`);
  assert.equal(await store.open(4), null, "a seat that is held was opened twice");
  seat.append(bytes("more,"));
  seat.close();
  const again = await store.open(4);
  assert.equal(text(await again.take(3)), `${left}more,`);
  again.close();
}
