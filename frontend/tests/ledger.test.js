import "fake-indexeddb/auto";

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { answer, answering, eventually, load, page } from "./page.js";

const WORDS = {
  recorded: "recorded", waiting: ["%(n)s minute waits", "%(n)s minutes wait"], lost: "lost", unreachable: "unreachable", complete: "complete",
  left: "%(left)s left", bar: "%(counted)s of, %(missing)s missing", all_seen: "all seen", and: ", ", pages: ["%(n)s page", "%(n)s pages"], page: "page %(n)s", stretch: "pages %(a)s-%(b)s", take_over: "take over", go_on: "go on", stay: "stay",
  understood: "understood",
};
const BODY = `<div data-player data-item="item" data-duration="60000" data-threshold="950">
  <svg data-bar><g data-counted></g><g data-pending></g></svg>
  <span data-figure></span><span data-status></span><button data-only hidden></button>
  <details data-missing-box hidden><ul data-missing></ul></details><details data-why-box hidden><ul data-why></ul></details>
  <dialog data-ask><p data-ask-text></p><button data-ask-yes></button><button data-ask-no></button></dialog></div>`;

page("");
Object.defineProperty(navigator, "locks", { value: undefined, configurable: true });
const { Ledger } = await load("player-ledger.js");
const { Reading } = await load("reader.js");
const { waiting } = await load("player-queue.js");
const { forget, keep } = await load("player-store.js");

class Film extends EventTarget {
  paused = true;
  seeking = false;
  ended = false;
  playbackRate = 1;
  currentTime = 0;

  play() {
    this.paused = false;
    this.dispatchEvent(new Event("play"));
    return Promise.resolve();
  }

  pause() {
    this.paused = true;
    this.dispatchEvent(new Event("pause"));
  }
}

function ledger(held = {}, Kind = Ledger) {
  const document = page(BODY);
  const root = document.querySelector("[data-player]");
  root.dataset.page = "10000";
  root.dataset.held = JSON.stringify({ spans: [], refused: [], completed_at: null, ...held });
  const dialog = root.querySelector("dialog");
  dialog.showModal = () => { dialog.open = true; };
  const film = new Film();
  return { root, film, made: new Kind(root, film, WORDS), text: (name) => root.querySelector(`[data-${name}]`).textContent };
}

const LEASE = { token: "t1", lease: "l1", seq: 0, spans: [] };

beforeEach(async () => {
  for (let records = await waiting(); records.length; records = await waiting()) await forget(records, [[0, 1e9]]);
});

/** Plays from `from` to `to` seconds as if no time were spent waiting for it. */
async function watch(made, film, from, to) {
  film.currentTime = from;
  await film.play();
  await eventually(() => assert.ok(made.lease));
  film.dispatchEvent(new Event("playing"));
  for (let at = from; at <= to; at += 0.25) {
    film.currentTime = at;
    film.dispatchEvent(new Event("timeupdate"));
  }
  film.pause();
}

test("the page says what is missing until enough is counted", () => {
  answering(() => answer(204, null, ""));
  const { text, root } = ledger({ spans: [[0, 30_000]] });
  assert.equal(text("figure"), "0:27 left", "95 of a hundred are enough");
  assert.deepEqual([...root.querySelectorAll("[data-missing] button")].map((one) => one.textContent), ["0:30–1:00"]);
  assert.equal(ledger({ spans: [[0, 57_000]] }).text("figure"), "complete");
  assert.equal(ledger({ completed_at: "2026-01-01" }).text("figure"), "complete");
});

test("what was refused is explained until it is counted after all", () => {
  answering(() => answer(204, null, ""));
  const refused = [{ explanation: "too fast", reason: "fast", spans: [[10_000, 20_000]] }];
  const { root, text } = ledger({ refused });
  assert.equal(root.querySelector("[data-why-box]").hidden, false);
  assert.match(text("why"), /0:10–0:20.*too fast/);
  assert.equal(ledger({ refused, spans: [[9000, 21_000]] }).root.querySelector("[data-why-box]").hidden, true);
});

test("what was played is sent with its lease, and counted when the academy has it", async () => {
  const asked = answering((url) => (url.endsWith("leases") ? answer(201, LEASE) : answer(204, null, "")));
  const { film, made, text } = ledger();
  await watch(made, film, 0, 0.5);
  await eventually(() => assert.deepEqual(made.counted, [[0, 500]]));
  const beat = asked.find((one) => one.url.endsWith("heartbeats")).body;
  assert.equal(beat.lease, "t1");
  assert.deepEqual(beat.spans, [[0, 500]]);
  await eventually(() => assert.equal(text("status"), "recorded"));
});

test("what was watched while a slow network brought the lease is sent with it", async () => {
  let brought;
  const lease = new Promise((resolve) => { brought = () => resolve(answer(201, LEASE)); });
  const asked = answering((url) => (url.endsWith("leases") ? lease : answer(204, null, "")));
  const { film, made } = ledger();
  await film.play();
  film.dispatchEvent(new Event("playing"));
  for (let at = 0; at <= 8; at += 0.25) {
    film.currentTime = at;
    film.dispatchEvent(new Event("timeupdate"));
  }
  brought();
  await eventually(() => assert.ok(made.lease));
  film.pause();
  await eventually(() => assert.deepEqual(made.counted, [[3000, 8000]], "as much as the server lends"));
  assert.deepEqual(asked.find((one) => one.url.endsWith("heartbeats")).body.spans, [[3000, 8000]]);
});

test("half a second that is missing is not 0:00", () => {
  answering(() => answer(204, null, ""));
  assert.equal(ledger({ spans: [[0, 56_500]] }).text("figure"), "0:01 left");
});

test("refused spans are not counted, and the page says why", async () => {
  const refusal = { seq: 1, refused: [[0, 300]], reason: "fast", explanation: "too fast" };
  answering((url) => (url.endsWith("leases") ? answer(201, LEASE) : answer(200, refusal)));
  const { film, made } = ledger();
  await watch(made, film, 0, 1);
  await eventually(() => assert.deepEqual(made.counted, [[300, 1000]]));
  assert.equal(made.refused[0].explanation, "too fast");
});

test("another device is named, and the film stops", async () => {
  answering(() => answer(409, { type: "urn:academy:other-device", title: "on another device" }, "application/problem+json"));
  const { film, root, text } = ledger();
  await film.play();
  await eventually(() => assert.equal(film.paused, true));
  assert.equal(root.querySelector("dialog").open, true);
  assert.equal(text("ask-text"), "on another device");
  assert.equal(text("ask-yes"), "take over");
});

test("a portal's page in place of a lease says that nobody can be reached", async () => {
  answering(() => answer(200, "<!doctype html>", "text/html"));
  const { film, text, made } = ledger();
  await film.play();
  await eventually(() => assert.equal(text("status"), "unreachable"));
  assert.equal(made.lease, null);
  film.pause();
});

test("what the server will never take is not called recorded", async () => {
  const refusal = { type: "urn:academy:invalid", seq: 1, title: "no" };
  answering((url) => (url.endsWith("leases") ? answer(201, LEASE) : answer(422, refusal, "application/problem+json")));
  const { film, text, made } = ledger();
  await watch(made, film, 0, 0.5);
  await eventually(() => assert.equal(text("status"), "lost"));
  assert.deepEqual(made.counted, []);
});

test("a document's pages are claimed as pages, once all of a page was shown", async () => {
  const asked = answering((url) => (url.endsWith("leases") ? answer(201, { ...LEASE, spans: [[4, 5]] }) : answer(204, null, "")));
  const { film, made } = ledger({ unit: "page", spans: [[3, 4]] }, Reading);
  assert.deepEqual(made.counted, [[30_000, 40_000]]);
  const claims = () => asked.filter((one) => one.url.endsWith("heartbeats")).map((one) => one.body.spans);
  await watch(made, film, 0, 16);
  await eventually(() => assert.deepEqual(made.counted, [[0, 10_000], [30_000, 50_000]]));
  assert.equal(asked[0].body.unit, "page");
  assert.deepEqual(claims(), [[[0, 1]]], "half of the second page is not claimed");
  assert.deepEqual(made.shown(), [[0, 16_000], [30_000, 50_000]], "and need not be shown again");
  await watch(made, film, 16, 20);
  await eventually(() => assert.deepEqual(made.counted, [[0, 20_000], [30_000, 50_000]]));
  assert.deepEqual(claims(), [[[0, 1]], [[1, 2]]]);
});

test("pages that an earlier release kept in milliseconds are counted when they arrive", async () => {
  answering((url) => (url.endsWith("leases") ? answer(201, LEASE) : answer(200, { seq: 3, refused: [[10_000, 20_000]], reason: "fast", explanation: "x" })));
  const { made } = ledger({ unit: "page" }, Reading);
  await keep({ lease: "old", item: "item", seq: 3, spans: [[0, 20_000]], position: 20_000 });
  await made.queue.flush();
  await eventually(() => assert.deepEqual(made.counted, [[0, 10_000]]));
});
