import assert from "node:assert/strict";
import { test } from "node:test";
import { LAB } from "../src/state/capabilities.js";
import { Film, FILM_RATE } from "../src/state/film.js";
import { Store } from "../src/state/store.js";
import { labElection, labOf } from "./lab-scenes.js";
import { room } from "./scenes.js";
import { MS } from "../src/view/time.js";

const [first] = labElection();
const take = (at: number) => ({ at, batch: { clock: { now: at * FILM_RATE * MS, rate: FILM_RATE },
  lab: labOf({ end: at * FILM_RATE * MS }) } });
const takes = [{ at: 0, batch: { ...first!, room: room(5, { room: "lab", rate: FILM_RATE }),
  clock: { now: 0, rate: FILM_RATE } } }, take(1_000), take(2_000), take(9_000)];

function labStore(): Store {
  const store = new Store();
  store.can = LAB;
  return store;
}

test("the film begins where it is told to, and is known to be one", (t) => {
  t.mock.method(performance, "now", () => 7_000); // no time passes
  const store = labStore();
  const film = new Film(store, takes, 1_500, FILM_RATE);
  assert.deepEqual([store.recorded, store.boot.state, store.lab?.end, store.room?.rate],
    [true, "loading", 20 * MS, FILM_RATE]);
  assert.equal(store.now(), 30 * MS);
  assert.deepEqual(film.stop(), { at: 30 * MS, rate: FILM_RATE });
});

test("the film can be paused, and the lab goes on from there", () => {
  const store = labStore();
  const film = new Film(store, takes, 500, FILM_RATE);
  film.setRate(0);
  assert.equal(store.paused, true);
  const stands = store.now();
  assert.equal(store.now(performance.now() + 5_000), stands);
  assert.deepEqual(film.stop(), { at: stands, rate: 0 });
});

test("after its last picture the film stands still until the lab is there", () => {
  const store = labStore();
  const film = new Film(store, takes, 20_000, FILM_RATE);
  assert.equal(store.lab?.end, 180 * MS);
  assert.equal(store.now(performance.now() + 5_000), 180 * MS);
  assert.equal(film.stop().at, 180 * MS);
});
