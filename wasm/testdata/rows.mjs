/**
 * What can become of a log in IndexedDB: node rows.mjs DISK_BUNDLE. Here it is seen that rows are
 * there in order, and that it is known how many there must be; what follows for what is in them is
 * package wal's (raft/wal/torture_test.go).
 */
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const packages = createRequire(new URL("../../web/package.json", import.meta.url));
packages("fake-indexeddb/auto");
Object.defineProperty(globalThis, "navigator", { value: {}, configurable: true }); // no OPFS
const { openStore } = await import(pathToFileURL(process.argv[2]));
let [room, claims] = ["", 1];

for (let failing = 0; failing < 12; failing++) await writesFail(failing); // six rows, each with two puts
await seatIsLeft();
await rowsAreLost();
await rowsAreMoved();
await logOfTheVersionBefore();
process.exit(0);

/**
 * A write is aborted, for want of room, while others are under way behind it. Nothing of those is there, and the next
 * life goes on without a gap.
 */
async function writesFail(failing) {
  const seat = await start();
  const put = IDBObjectStore.prototype.put;
  let [durable, left] = ["", failing];
  IDBObjectStore.prototype.put = function (...args) {
    const request = put.apply(this, args);
    if (left-- === 0) this.transaction.abort();
    return request;
  };
  const told = [];
  let all = "";
  for (let i = 0; i < 12; i++) {
    const words = `${i},`;
    const instead = i === 5 || i === 6 || i === 9;
    all = instead ? words : all + words;
    const now = all;
    const done = instead ? seat.replace(bytes(words)) : seat.append(bytes(words));
    told.push(done.then(() => { durable = now; return true; }, () => false));
    if (i % 4 === 0) await begun(); // a row of its own; the three behind it are gathered in the next
    if (i % 4 === 3) await Promise.allSettled(told);
  }
  const written = await Promise.all(told);
  IDBObjectStore.prototype.put = put;
  assert.ok(written.includes(false), `failing at ${failing}: no write has failed`);
  assert.equal(written.lastIndexOf(true), written.indexOf(false) - 1, `failing at ${failing}: told ${written}`);
  const [found, again] = await open();
  assert.deepEqual([text(found), found.confirmed], [durable, durable.length], `failing at ${failing}`);
  await again.append(bytes("on"));
  const [later] = await open();
  assert.equal(text(later), `${durable}on`);
  const numbers = (await rows()).map(({ key }) => key[1]);
  assert.ok(numbers.every((n, i) => i === 0 || n === numbers[i - 1] + 1), `failing at ${failing}: rows ${numbers}`);
}

/** Ends when a write that was asked for is under way, and not yet done. */
async function begun() {
  for (let i = 0; i < 8; i++) await Promise.resolve();
}

/**
 * Who leaves a seat with writes under way undoes them: one that hangs would keep all tabs of the origin
 * from their disks.
 */
async function seatIsLeft() {
  const seat = await start();
  await seat.append(bytes("kept"));
  const told = [seat.append(bytes(",lost")), seat.replace(bytes("lost"))]
    .map((done) => done.then(() => true, () => false));
  seat.close();
  assert.deepEqual(await Promise.all(told), [false, false]);
  const [found] = await open();
  assert.equal(text(found), "kept");
}

/** Whichever rows are gone, the log is shorter than what was confirmed. */
async function rowsAreLost() {
  const whole = await lived();
  for (const lost of whole) {
    await change((log) => log.delete(lost.key));
    const [found] = await open();
    assert.equal(found.confirmed - found.bytes.length, lost.value.length, `row ${lost.key[1]} is gone`);
    await change((log) => log.put(lost.value, lost.key));
  }
  await change((log) => whole.forEach(({ key }) => log.delete(key)));
  const [found] = await open();
  assert.ok(found.bytes.length === 0 && found.confirmed > 0, "all rows are gone");
}

/** Rows that changed places, or stand there twice, are handed over as they stand: their bytes say what they are. */
async function rowsAreMoved() {
  const whole = await lived();
  const [a, b] = [whole[7], whole[20]];
  await change((log) => (log.put(a.value, b.key), log.put(b.value, a.key)));
  const moved = whole.map((row) => (row === a ? b : row === b ? a : row));
  assert.equal(text((await open())[0]), moved.map(({ value }) => decode(value)).join(""));
  await change((log) => log.put(a.value, [a.key[0], whole.at(-1).key[1] + 1]));
  const [found] = await open();
  assert.equal(text(found), [...moved, a].map(({ value }) => decode(value)).join(""));
  assert.equal(found.confirmed, found.bytes.length - a.value.length);
}

/** The version before kept the ticket alone beside the rows. */
async function logOfTheVersionBefore() {
  await start();
  const seat = `${room}/4`;
  await change((log, tickets) => {
    tickets.put("3:lease", seat);
    ["one,", "two,", "three,"].forEach((words, i) => log.put(bytes(words), [seat, i + 5]));
  });
  const [found, again] = await open();
  assert.deepEqual([text(found), found.confirmed, again.ticket], ["one,two,three,", 14, "3:lease"]);
  await again.append(bytes("four"));
  await change((log) => log.delete([seat, 8]));
  const [lost] = await open();
  assert.deepEqual([text(lost), lost.confirmed], ["one,two,three,", 18]);
}

async function start() {
  room = `room ${Math.random()}`;
  claims = 1;
  const store = await openStore(room);
  assert.equal(store.kind, "indexeddb");
  return store.create(4, "3:lease", claims);
}

/** The rows of a log that was compacted and went on. */
async function lived() {
  const seat = await start();
  for (let i = 0; i < 9; i++) await seat.append(bytes(`before ${i},`));
  await seat.replace(bytes("all that was before,"));
  for (let i = 0; i < 33; i++) await seat.append(bytes(`row ${i},`));
  return rows();
}

/** What a tab finds that opens the disk now, and the disk. */
async function open() {
  const seat = await (await openStore(room)).open(4);
  return [await seat.take((claims += 1)), seat];
}

async function rows() {
  const log = (await database()).transaction("log").objectStore("log");
  const within = IDBKeyRange.bound([`${room}/4`, 0], [`${room}/4`, Infinity]);
  const [keys, values] = await Promise.all([answer(log.getAllKeys(within)), answer(log.getAll(within))]);
  return keys.map((key, i) => ({ key, value: values[i] }));
}

async function change(what) {
  const changing = (await database()).transaction(["log", "tickets"], "readwrite");
  what(changing.objectStore("log"), changing.objectStore("tickets"));
  await new Promise((resolve, reject) => {
    changing.oncomplete = resolve;
    changing.onabort = () => reject(changing.error);
  });
}

function database() {
  return answer(indexedDB.open("raft-playground"));
}

function answer(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

function bytes(words) {
  return new TextEncoder().encode(words);
}

function decode(value) {
  return new TextDecoder().decode(value);
}

function text(content) {
  return decode(content.bytes);
}
