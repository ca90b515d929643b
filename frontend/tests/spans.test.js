import assert from "node:assert/strict";
import { mock, test } from "node:test";

import { draws, load, page } from "./page.js";

page("");
const { HOLE_MS, Watcher, clock, gaps, length, merge, subtract } = await load("player-spans.js");

/** The same by counting every millisecond. */
const marked = (spans, size) => Array.from({ length: size }, (_, at) => spans.some(([a, b]) => at >= a && at < b));
const random = (draw, many, size) =>
  Array.from({ length: draw(many) }, () => {
    const start = draw(size);
    return [start, Math.min(size, start + draw(20))];
  });

test("merging and subtracting are what counting every millisecond says", () => {
  const draw = draws(1);
  for (let round = 0; round < 300; round++) {
    const [a, b] = [random(draw, 8, 100), random(draw, 8, 100)];
    const before = structuredClone([a, b]);
    const [whole, taken] = [merge(a), merge(b)];
    assert.deepEqual(marked(whole, 100), marked(a, 100));
    assert.deepEqual(marked(subtract(whole, taken), 100), marked(a, 100).map((one, at) => one && !marked(b, 100)[at]));
    assert.equal(length(whole), marked(a, 100).filter(Boolean).length);
    for (let n = 1; n < whole.length; n++) assert.ok(whole[n][0] > whole[n - 1][1], "apart and in order");
    assert.deepEqual([a, b], before, "what was given stays as it was");
  }
});

test("small holes are closed only where somebody asks", () => {
  assert.deepEqual(merge([[0, 10], [15, 20]]), [[0, 10], [15, 20]]);
  assert.deepEqual(merge([[15, 20], [0, 10]], 5), [[0, 20]]);
  assert.deepEqual(merge([[5, 5], [9, 3]]), []);
});

test("what is missing leaves out the crumbs that count as watched", () => {
  assert.deepEqual(gaps([], 1000), [[0, 1000]]);
  assert.deepEqual(gaps([[0, 1000]], 1000), []);
  assert.deepEqual(gaps([[0, 5000], [5000 + HOLE_MS, 9000]], 9000), []);
  assert.deepEqual(gaps([[0, 5000], [5001 + HOLE_MS, 9000]], 9000 + HOLE_MS), [[5000, 5001 + HOLE_MS]]);
});

test("a time is written as people write it", () => {
  assert.deepEqual([0, 61_500, 3_599_999, 3_600_000, 36_061_000].map(clock), ["0:00", "1:01", "59:59", "1:00:00", "10:01:01"]);
});

class Film extends EventTarget {
  paused = true;
  seeking = false;
  playbackRate = 1;
  currentTime = 0;

  /** @param {string} kind */
  say(kind) {
    this.dispatchEvent(new Event(kind));
  }
}

/** Plays `seconds` of a film at its rate, a tick each quarter of a second. */
function play(film, seconds, clockOf) {
  for (let n = 0; n < seconds * 4; n++) {
    clockOf.now += 250;
    film.currentTime += 0.25 * film.playbackRate;
    film.say("timeupdate");
  }
}

test("only what was shown is told: jumps are left out, and nothing is told twice", (t) => {
  const wall = { now: 1000 };
  mock.method(performance, "now", () => wall.now);
  t.after(() => mock.restoreAll());
  const film = new Film();
  const watcher = new Watcher(film);
  film.paused = false;
  film.say("playing");
  play(film, 3, wall);
  assert.deepEqual(watcher.take(), [[0, 3000]]);
  assert.deepEqual(watcher.take(), []);
  film.seeking = true;
  film.say("seeking");
  film.currentTime = 60;
  film.seeking = false;
  film.say("playing");
  play(film, 2, wall);
  film.say("pause");
  film.paused = true;
  assert.deepEqual(watcher.take(), [[60_000, 62_000]]);
  // Somebody moves the film without an event: what lies between was not shown.
  film.paused = false;
  film.say("playing");
  film.currentTime = 100;
  play(film, 1, wall);
  assert.deepEqual(watcher.take(), [[100_250, 101_000]]);
});
