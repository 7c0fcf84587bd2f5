/**
 * What can become of a log in OPFS: node torture.mjs DISK_BUNDLE. Here it is seen that the files say how much of it was
 * confirmed; what follows from that for what is in it is package wal's (raft/wal/torture_test.go).
 */
import assert from "node:assert/strict";
import { pathToFileURL } from "node:url";
import { Disk, blocks } from "./platform.mjs";

const { openStore } = await import(pathToFileURL(process.argv[2]));
const accountsAt = [0, 4096];
const accountBits = 8 * 32;
let claims = 1;

for (let seed = 1; seed <= 200; seed++) await powerFails(seed);
await bytesAreLost();
await accountsAreDamaged();
for (const short of [false, true]) await diskIsFull(short);
await logOfTheVersionBefore();
process.exit(0);

/** Lives until the power fails, at any operation. Of what was not flushed any blocks get to the disk, in any order. */
async function powerFails(seed) {
  const random = randomFrom(seed);
  const { disk, seat } = await start();
  let [durable, next, before] = [bytes(0, random), null, 0];
  disk.left = Math.floor(random() * 80);
  try {
    for (;;) {
      const piece = bytes(1 + Math.floor(random() * 3000), random);
      const instead = random() < 0.15;
      next = instead ? piece : joined(durable, piece);
      assert.equal(instead ? seat.replace(piece) : seat.append(piece), true);
      before = instead ? next.length : durable.length;
      durable = next;
    }
  } catch (error) {
    if (error instanceof assert.AssertionError) throw error;
  }
  disk.revive(blocks(random, 512));
  const left = await content();
  const what =
    `seed ${seed}: of ${durable.length} bytes ${left.bytes.length} are left, and ${left.confirmed} are known`;
  if (same(left.bytes, next)) return assert.ok(left.confirmed <= next.length, what); // though nobody was told
  assert.ok(same(left.bytes.subarray(0, durable.length), durable), what);
  assert.ok(left.confirmed >= before && left.confirmed <= durable.length, what);
}

/** A log that is shorter than what was confirmed says so, wherever its file ends. */
async function bytesAreLost() {
  const { log, written } = await lived();
  const whole = log.current;
  for (let size = 0; size < whole.length; size += 131) {
    log.become(whole.slice(0, size));
    const left = await content();
    const says = left.confirmed === written.length || !readable(left);
    assert.ok(says, `cut at byte ${size}: ${left.bytes.length} of ${left.confirmed} bytes`);
  }
}

/** One account of two may be damaged. Without both, nobody takes for a log what is there. */
async function accountsAreDamaged() {
  const { log, written } = await lived();
  const whole = log.current;
  for (let bit = 0; bit < accountBits; bit++) {
    for (const at of accountsAt) {
      log.become(flipped(whole, at, bit));
      const left = await content();
      assert.ok(same(left.bytes, written) && left.confirmed > 0, `bit ${bit} of the account at byte ${at}`);
    }
    log.become(flipped(flipped(whole, accountsAt[0], bit), accountsAt[1], accountBits - 1 - bit));
    assert.ok(!readable(await content()), `bit ${bit} of both accounts`);
  }
}

/** Nothing is lost when there is no room, and a torn end can be cut off then. */
async function diskIsFull(short) {
  const random = randomFrom(7);
  for (let room = 8192; room < 40_000; room += 997) {
    const { disk, seat } = await start();
    disk.room = disk.root.size() + room;
    disk.short = short;
    let durable = new Uint8Array(0);
    const fill = (size) => {
      const piece = bytes(size, random);
      seat.append(piece);
      durable = joined(durable, piece);
    };
    assert.throws(() => { for (;;) fill(700); }, /full/);
    const replacement = bytes(disk.room, random);
    assert.throws(() => seat.replace(replacement), /full/);
    const left = await content(seat);
    const kept = same(left.bytes.subarray(0, durable.length), durable);
    assert.ok(kept, `${room} bytes of room: ${left.bytes.length} bytes are left`);
    assert.equal(left.confirmed, durable.length);
    const again = await open();
    assert.equal(again.cut(durable.length), true);
    assert.ok(same((await content(again)).bytes, durable), `${room} bytes of room: the end was not cut off`);
  }
}

/** The version before had a header of 16 bytes, and no accounts. */
async function logOfTheVersionBefore() {
  const random = randomFrom(3);
  const { disk, seat } = await start();
  seat.close();
  const [old, more, all] = [bytes(500, random), bytes(60, random), bytes(90, random)];
  const magic = [0x4c, 0x6f, 0x67, 0x31];
  file(disk, "log-a").become(joined(new Uint8Array([...magic, 3, 0, 0, 0, 0xfc, 255, 255, 255, ...magic]), old));
  file(disk, "log-b").become(new Uint8Array(0));
  const left = await content();
  assert.ok(same(left.bytes, old) && left.confirmed === 0);
  const again = await open();
  again.append(more);
  assert.ok(same((await content(again)).bytes, joined(old, more)));
  const last = await open();
  last.replace(all);
  const moved = await content(last);
  assert.ok(same(moved.bytes, all) && moved.confirmed === all.length);
}

async function start() {
  const disk = new Disk();
  const storage = { getDirectory: async () => disk.root };
  Object.defineProperty(globalThis, "navigator", { value: { storage }, configurable: true });
  claims = 1;
  const seat = await (await openStore("room")).create(4, "3:lease", claims);
  return { disk, seat };
}

/** A log that was compacted and went on: its file, and what is in it. */
async function lived() {
  const random = randomFrom(5);
  const { disk, seat } = await start();
  const header = new TextEncoder().encode("RaftWAL");
  seat.replace(header);
  seat.append(bytes(900, random));
  seat.replace(joined(header, bytes(2000, random)));
  for (let i = 0; i < 9; i++) seat.append(bytes(100 + 37 * i, random));
  const written = (await content(seat)).bytes;
  return { log: ["log-a", "log-b"].map((name) => file(disk, name)).find((f) => f.current.length > 0), written };
}

async function open() {
  const seat = await (await openStore("room")).open(4);
  await seat.take((claims += 1));
  return seat;
}

/** What a tab finds that opens the disk now. Whoever holds it lets go. */
async function content(holder) {
  holder?.close();
  const seat = await (await openStore("room")).open(4);
  const found = await seat.take((claims += 1));
  seat.close();
  return found;
}

/** Whether package wal would look at it further, see readHeader. */
function readable({ bytes, confirmed }) {
  const begins = new TextDecoder().decode(bytes.subarray(0, 7));
  return confirmed <= bytes.length && (bytes.length === 0 || begins === "RaftWAL");
}

function file(disk, name) {
  return disk.root.at("raft-playground", "rooms", "room", "4", name);
}

function same(a, b) {
  return b !== null && Buffer.compare(a, b) === 0;
}

function joined(a, b) {
  return new Uint8Array(Buffer.concat([a, b]));
}

function bytes(size, random) {
  return Uint8Array.from({ length: size }, () => 1 + Math.floor(random() * 255));
}

function flipped(content, at, bit) {
  const changed = content.slice();
  changed[at + (bit >> 3)] ^= 1 << (bit & 7);
  return changed;
}

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
function randomFrom(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
