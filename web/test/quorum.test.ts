import assert from "node:assert/strict";
import { test } from "node:test";
import type { Quorum } from "../src/model.js";
import { decide, needed, quorumsOf, share, sideWords, tally, together, votersOf } from "../src/quorum.js";
import { MAJORITIES, report, view } from "./scenes.js";

const five: Quorum[] = [{ voters: [1, 2, 3, 4, 5], needed: 3, agreed: 0 }];
const joint: Quorum[] = [{ voters: [1, 4, 5], needed: 2, agreed: 3 }, { voters: [1, 2, 3], needed: 2, agreed: 1 }];
// as servers count that decide without a majority
const half: Quorum[] = [{ voters: [1, 2, 3, 4, 5], needed: 2, agreed: 0 }];

test("what servers can do together is counted as they count", () => {
  assert.deepEqual([sideWords([1, 2, 3], five), sideWords([1, 2], five), sideWords([1, 2], half)],
    ["majority 3 of 5", "2 of 5: cannot elect", "majority 2 of 5"]);
  assert.deepEqual([sideWords([1, 4, 5], joint), sideWords([1, 2, 4], joint), sideWords([6], joint)],
    ["3 of 3 and 1 of 3: cannot elect", "majority 2 of 3 and 2 of 3", "0 of 3 and 0 of 3: cannot elect"]);
  assert.deepEqual([needed(five), needed(joint), share([2, 3, 4], joint), votersOf(joint)],
    ["3", "2 and 2", "1 of 3 and 2 of 3", [1, 2, 3, 4, 5]]);
});

test("of those that run the servers that are enough are meant, else the most", () => {
  const cut = (pairs: string[]) => (a: number, b: number) => !pairs.includes(`${a}>${b}`);
  assert.deepEqual(together([1, 2, 3, 4, 5], cut([]), five).length, 5);
  assert.deepEqual(together([1, 2, 3], cut(["1>2", "1>3"]), five), [2, 3]);
  assert.deepEqual(together([1, 3], cut(["3>1"]), five).length, 1);
  assert.deepEqual(together([], cut([]), five), []);
  const apart = cut(["1", "2", "4"].flatMap((a) => ["3", "5"].flatMap((b) => [`${a}>${b}`, `${b}>${a}`])));
  assert.deepEqual(decide(together([1, 2, 3, 4, 5], apart, joint), joint), true);
});

test("who says what a majority is: the leader, else the server with the newest log; nobody of another kind", () => {
  const says = (server: number, quorums: Quorum[], lastIndex: number, role: "leader" | "follower" = "follower") =>
    view(server, { report: report(server, { role, quorums, lastIndex, lastTerm: 2 }) });
  const servers = [says(1, five, 3, "leader"), says(2, joint, 4), says(3, [], 9)];
  assert.equal(quorumsOf(servers, servers[0] ?? null, MAJORITIES), five);
  assert.equal(quorumsOf(servers, null, MAJORITIES), joint);
  assert.deepEqual(quorumsOf([view(1), view(2), view(3)], null, MAJORITIES),
    [{ voters: [1, 2, 3], needed: 2, agreed: 0 }]);
  assert.deepEqual(quorumsOf([view(1), view(2), view(3)], null, [1, 1, 1, 1]),
    [{ voters: [1, 2, 3], needed: 1, agreed: 0 }]);
});

test("how an election stands is what the candidate counts", () => {
  assert.equal(tally(report(1, { quorums: joint })), "3 of 2 and 1 of 2 votes");
  assert.equal(tally(report(1, { votes: [{ server: 1, state: "granted" }, { server: 2, state: "denied" }],
    votesNeeded: 2 })), "1 of 2 votes");
});
