import "fake-indexeddb/auto";

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { draws, load, page } from "./page.js";

page("");
const { byLease, forget, joined, keep, waiting } = await load("player-store.js");
const { length, merge } = await load("player-spans.js");

const record = (lease, seq, spans) => ({ lease, item: "item", seq, spans, position: seq });
const spansOf = (records) => merge(records.flatMap((one) => one.spans));

/** IndexedDB, broken from now on: full, forbidden or gone. */
function broken(how) {
  const { transaction } = IDBDatabase.prototype;
  IDBDatabase.prototype.transaction = function fail(...given) {
    if (how === "throws") throw new DOMException("gone", "InvalidStateError");
    const tx = transaction.apply(this, given);
    if (given[1] === "readwrite") queueMicrotask(() => tx.abort());
    return tx;
  };
  return () => {
    IDBDatabase.prototype.transaction = transaction;
  };
}

beforeEach(async () => {
  for (let records = await waiting(); records.length; records = await waiting()) await forget(records, [[0, 1e9]]);
  localStorage.clear();
});

test("what is kept waits, in order, until it is let go", async () => {
  await keep(record("a", 1, [[0, 10]]));
  await keep(record("a", 2, [[10, 30]]));
  const records = await waiting();
  assert.deepEqual(records.map((one) => one.seq), [1, 2]);
  await forget(records, [[0, 10], [10, 20]]);
  assert.deepEqual(spansOf(await waiting()), [[20, 30]]);
  await forget(await waiting(), [[20, 30]]);
  assert.deepEqual(await waiting(), []);
});

for (const how of ["throws", "aborts"]) {
  test(`where the database ${how}, it waits beside it and comes back`, async (t) => {
    await keep(record("a", 1, [[0, 10]]));
    const mend = broken(how);
    t.after(mend);
    await keep(record("a", 2, [[10, 20]]));
    assert.ok(localStorage.getItem("academy-beats"));
    mend();
    assert.deepEqual(spansOf(await waiting()), [[0, 20]]);
    await forget(await waiting(), [[0, 20]]);
    assert.deepEqual(await waiting(), []);
    assert.equal(localStorage.getItem("academy-beats"), null);
  });
}

test("nothing is lost in whatever order it is kept, let go and broken", async () => {
  const draw = draws(3);
  for (let round = 0; round < 15; round++) {
    const [kept, gone] = [[], []];
    for (let step = 0; step < 12; step++) {
      const mend = draw(3) ? () => {} : broken(draw(2) ? "throws" : "aborts");
      const start = draw(1000);
      const spans = [[start, start + 1 + draw(50)]];
      await keep(record(`lease-${draw(2)}`, step, spans));
      kept.push(...spans);
      mend();
      if (!draw(3)) {
        const records = await waiting();
        const said = joined(records).spans.slice(0, 2);
        await forget(records, said);
        gone.push(...said);
      }
      const all = merge([...spansOf(await waiting()), ...gone]);
      assert.deepEqual(all, merge([...merge(kept), ...gone]));
    }
    await forget(await waiting(), [[0, 1e9]]);
  }
});

test("records of a lease are said as one, leases apart", () => {
  const records = [record("a", 1, [[0, 5]]), record("b", 1, [[0, 9]]), record("a", 3, [[5, 8]])];
  const groups = byLease(records);
  assert.deepEqual(groups.map((group) => group.length), [2, 1]);
  assert.deepEqual(joined(groups[0]), { lease: "a", item: "item", seq: 3, spans: [[0, 8]], position: 3 });
  assert.equal(length(joined(groups[0]).spans), 8);
});
