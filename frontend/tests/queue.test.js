import "fake-indexeddb/auto";

import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";

import { answer, answering, load, page, settled } from "./page.js";

page("");
Object.defineProperty(navigator, "locks", { value: undefined, configurable: true });
const { Queue, heartbeat, waiting } = await load("player-queue.js");
const { forget } = await load("player-store.js");

const record = (seq, spans, lease = "a") => ({ lease, item: "item", seq, spans, position: 0 });

/** A queue, and what it says. */
function queue() {
  const said = { answers: [], changes: [] };
  const made = new Queue({
    onAnswer: (sent, status) => said.answers.push([sent.seq, status]),
    onChange: (ms, reachable) => said.changes.push([ms, reachable]),
  });
  return [made, said];
}

beforeEach(async () => {
  for (let records = await waiting(); records.length; records = await waiting()) await forget(records, [[0, 1e9]]);
});

const FOREIGN = [
  ["a portal's page", () => answer(200, "<!doctype html>", "text/html")],
  ["nothing", () => answer(200, null, "")],
  ["another's JSON", () => answer(200, { ok: true })],
  ["another number", () => answer(200, { seq: 6 })],
  ["a list", () => answer(200, [7])],
  ["broken JSON", () => answer(200, "{")],
  ["patience, please", () => answer(429, { type: "urn:academy:slow", seq: 7 }, "application/problem+json")],
  ["an error of the server", () => answer(503, { type: "urn:academy:crash", seq: 7 }, "application/problem+json")],
  ["a time-out", () => answer(408, { seq: 7 })],
  ["no network", () => { throw new TypeError("Failed to fetch"); }],
];

for (const [name, reply] of FOREIGN) {
  test(`nothing is let go on ${name}`, async (t) => {
    mock.timers.enable({ apis: ["setTimeout"] });
    t.after(() => mock.timers.reset());
    answering(reply);
    const [made, said] = queue();
    await made.add(record(7, [[0, 1500]]));
    assert.deepEqual((await waiting()).map((one) => one.spans), [[[0, 1500]]]);
    assert.deepEqual(said.answers, []);
    assert.deepEqual(said.changes.at(-1), [1500, false], "the page says that it waits");
  });
}

for (const [name, reply] of [
  ["204", () => answer(204, null, "")],
  ["our JSON", () => answer(200, { seq: 7, gained_ms: 1 })],
  ["our refusal", () => answer(409, { type: "urn:academy:other-device", seq: 7 }, "application/problem+json")],
]) {
  test(`it is let go on ${name}`, async () => {
    const asked = answering(reply);
    const [made, said] = queue();
    assert.equal(await made.add(record(7, [[0, 1500]])), true);
    assert.deepEqual(await waiting(), []);
    assert.equal(said.answers.length, 1);
    assert.deepEqual(said.changes.at(-1), [0, true]);
    assert.deepEqual(asked[0].body, { lease: "a", seq: 7, spans: [[0, 1500]], position: 0 });
    assert.equal(asked[0].options.credentials, "omit");
  });
}

test("more than the server takes at once goes in several beats", async () => {
  const asked = answering((_url, options) => answer(200, { seq: JSON.parse(options.body).seq }));
  const spans = Array.from({ length: 1200 }, (_, n) => [n * 10, n * 10 + 5]);
  assert.equal(heartbeat([record(1, spans)]).spans.length, 500);
  const [made] = queue();
  await made.add(record(1, spans));
  assert.deepEqual(asked.map((one) => one.body.spans.length), [500, 500, 200]);
  assert.deepEqual(await waiting(), []);
});

test("what one lease meets does not hold up another", async (t) => {
  answering((_url, options) => (JSON.parse(options.body).lease === "bad" ? answer(500, "") : answer(204, null, "")));
  mock.timers.enable({ apis: ["setTimeout"] });
  t.after(() => mock.timers.reset());
  const [made] = queue();
  await made.add(record(1, [[0, 10]], "bad"));
  await made.add(record(1, [[0, 10]], "good"));
  await made.flush();
  assert.deepEqual((await waiting()).map((one) => one.lease), ["bad"]);
});

test("one sender at a time", async () => {
  let [now, most] = [0, 0];
  answering(async (_url, options) => {
    now += 1;
    most = Math.max(most, now);
    await settled();
    now -= 1;
    return answer(200, { seq: JSON.parse(options.body).seq });
  });
  const [made] = queue();
  await Promise.all([1, 2, 3, 4].map((seq) => made.add(record(seq, [[seq * 100, seq * 100 + 50]], `lease-${seq}`))));
  await made.flush();
  assert.equal(most, 1);
  assert.deepEqual(await waiting(), []);
});
