import "fake-indexeddb/auto";

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { beforeEach, test } from "node:test";

import { answer, load, page } from "./page.js";

page('<meta name="owner" content="me">');
Object.defineProperty(navigator, "locks", { value: undefined, configurable: true });
Object.defineProperty(navigator, "storage", { value: undefined, configurable: true });
const store = await load("kept-store.js");
const mark = await load("kept-mark.js");
const { Keeper, Stopped, blobOf } = await load("kept-fetch.js");
const { contact, leave, settleOwner } = await load("kept-owner.js");
const { keep: queue, waiting } = await load("player-store.js");
const { megabytes } = await load("kept-words.js");

const PIECE = 512 * 1024;
const bytes = (size, seed) => Uint8Array.from({ length: size }, (_, n) => (n * 31 + seed) % 251);
const CONTENT = { "/m/sound": bytes(2 * PIECE + 77, 1), "/m/still": bytes(900, 2) };
const described = (url, file, at) => ({ file, url, at, size: CONTENT[url].length, sha256: createHash("sha256").update(CONTENT[url]).digest("hex") });
const LECTURE = {
  item: "lecture", lease: "lease-1", token: "token-1", expires_at: "2026-12-30", form: "sound", kind: "video", title: "第一讲", course: "课",
  spans: [], seq: 0, cues: [], texts: [], chapters: [], files: [described("/m/sound", "kept/a.mp4", 0), described("/m/still", "kept/b.webp", 0)],
};

/** Serves the lease and its files; `meets(url, options, count)` may answer something else. */
function serving(meets = () => undefined) {
  const asked = [];
  globalThis.fetch = async (url, options = {}) => {
    asked.push([String(url), options.headers?.Range ?? ""]);
    const other = meets(String(url), options, asked.length);
    if (other !== undefined) return other;
    if (String(url).endsWith("/lectures")) return answer(201, LECTURE);
    const content = CONTENT[url];
    const [start, end] = /bytes=(\d+)-(\d+)/.exec(options.headers?.Range ?? "")?.slice(1).map(Number) ?? [0, content.length - 1];
    return new Response(content.slice(start, end + 1), { status: options.headers?.Range ? 206 : 200 });
  };
  return asked;
}

// Waits for another try take no time.
function hurry(t) {
  const later = globalThis.setTimeout;
  globalThis.setTimeout = (work, ms) => later(work, Math.min(ms, 2));
  t.after(() => { globalThis.setTimeout = later; });
}

const owner = (content) => document.querySelector("meta[name=owner]").setAttribute("content", content);
const keeper = (progress = []) => new Keeper("lecture", (done, all) => progress.push([done, all]));

beforeEach(async () => {
  owner("me");
  await store.wipe();
});

test("a lecture is fetched in pieces, is whole, and belongs to who kept it", async () => {
  const asked = serving();
  const progress = [];
  const one = await keeper(progress).run("sound");
  assert.equal(one.state, "ready");
  assert.deepEqual(asked.filter(([url]) => url === "/m/sound").map(([, range]) => range), ["bytes=0-524287", "bytes=524288-1048575", "bytes=1048576-1048652"]);
  assert.deepEqual(new Uint8Array(await (await blobOf("lecture", one.files[0])).arrayBuffer()), CONTENT["/m/sound"]);
  assert.equal((await blobOf("lecture", one.files[1])).type, "image/webp");
  assert.deepEqual(progress.at(-1), [2 * PIECE + 977, 2 * PIECE + 977]);
  assert.ok(progress.every(([done], n) => !n || done >= progress[n - 1][0]), "it never goes back");
  assert.equal(mark.remembered().owner, "me");
});

test("what is here is not fetched again after the network was lost", async (t) => {
  hurry(t);
  const lost = serving((url, options) => {
    if (options.headers?.Range?.startsWith("bytes=524288")) { throw new TypeError("Failed to fetch"); }
  });
  await assert.rejects(keeper().run("sound"), (error) => error instanceof Stopped && error.why === "network");
  assert.ok(lost.length > 4, "it was tried again by itself");
  assert.equal((await store.lecture("lecture")).state, "fetching");
  const asked = serving();
  assert.equal((await keeper().run()).state, "ready");
  assert.deepEqual(asked.map(([, range]) => range), ["", "bytes=524288-1048575", "bytes=1048576-1048652"]);
});

test("a front without ranges sends the whole, of which the piece is taken", async () => {
  serving((url) => (url === "/m/sound" ? new Response(CONTENT["/m/sound"], { status: 200 }) : undefined));
  assert.equal((await keeper().run("sound")).state, "ready");
});

for (const [name, reply] of [["a portal's page", () => new Response("<!doctype html>", { status: 200 })], ["other bytes", () => new Response(bytes(900, 9), { status: 200 })]]) {
  test(`${name} is not taken for the file`, async (t) => {
    hurry(t);
    serving((url) => {
      if (url !== "/m/still") return undefined;
      return reply();
    });
    await assert.rejects(keeper().run("sound"), Stopped);
      assert.notEqual((await store.lecture("lecture")).state, "ready");
  });
}

test("the academy's refusal is said in its words", async () => {
  serving((url) => (url.endsWith("/lectures") ? answer(409, { type: "urn:academy:conflict", title: "还不能存" }, "application/problem+json") : undefined));
  await assert.rejects(keeper().run("sound"), (error) => error.why === "said" && error.words === "还不能存");
  assert.deepEqual(await store.lectures(), []);
});

test("a full phone is told apart", async () => {
  serving();
  const put = IDBObjectStore.prototype.put;
  IDBObjectStore.prototype.put = function full(value, key) {
    if (this.name === "pieces") throw new DOMException("full", "QuotaExceededError");
    return put.call(this, value, key);
  };
  await assert.rejects(keeper().run("sound"), (error) => error.why === "space").finally(() => { IDBObjectStore.prototype.put = put; });
});

test("somebody else's page deletes it, nobody's page hides it, the owner's shows it again", async () => {
  serving();
  await keeper().run("sound");
  owner("");
  assert.equal(await settleOwner(), false);
  assert.equal(mark.remembered().locked, true);
  owner("me");
  assert.equal(await settleOwner(), true);
  assert.equal(mark.remembered().locked, false);
  assert.equal((await store.lectures()).length, 1);
  owner("another");
  await settleOwner();
  assert.deepEqual([await store.lectures(), await store.pieces("lecture", LECTURE.files[0].sha256), mark.remembered()], [[], [], null]);
});

test("contact renews what may stay and deletes what may not, with the reason", async () => {
  serving();
  await keeper().run("sound");
  serving(() => answer(200, { lectures: [{ lease: "lease-1", ended: "", token: "token-2", expires_at: "2027", seq: 4, spans: [[0, 9]] }] }));
  await contact(true);
  const kept = await store.lecture("lecture");
  assert.deepEqual([kept.token, kept.seq, kept.spans], ["token-2", 4, [[0, 9]]]);
  const asked = serving(() => answer(200, { lectures: [{ lease: "lease-1", ended: "withdrawn", explanation: "下架" }] }));
  await contact();
  assert.deepEqual(asked, [], "not more often than once an hour");
  await contact(true);
  const gone = await store.lecture("lecture");
  assert.deepEqual([gone.state, gone.explanation, gone.token], ["gone", "下架", ""]);
  assert.deepEqual(await store.pieces("lecture", LECTURE.files[0].sha256), []);
});

for (const [name, reply] of [["a portal's page", () => answer(200, "<html>", "text/html")], ["a sign-in", () => answer(401, { type: "urn:academy:x" })], ["nothing", () => { throw new TypeError(); }]]) {
  test(`contact that meets ${name} deletes nothing`, async () => {
    serving();
    await keeper().run("sound");
    serving(reply);
    await contact(true).catch(() => {});
    assert.equal((await store.lecture("lecture")).state, "ready");
  });
}

test("leaving sends what waits, and deletes what is kept but no record that could not be sent", async (t) => {
  serving();
  await keeper().run("sound");
  await queue({ lease: "token-1", item: "lecture", seq: 1, spans: [[0, 1000]], position: 0 });
  hurry(t);
  serving(() => { throw new TypeError("no network"); });
  assert.equal(await leave(), false);
  assert.deepEqual(await store.lectures(), []);
  assert.deepEqual((await waiting()).map((one) => one.spans), [[[0, 1000]]]);
});

// Whatever is under way when somebody signs out, at whichever of its steps, keeps nothing for whoever comes next.
const ticks = async (count) => { for (let n = 0; n < count; n++) await new Promise((resolve) => setImmediate(resolve)); };
const renewed = () => answer(200, { lectures: [{ lease: "lease-1", ended: "", token: "token-2", expires_at: "2027", seq: 4, spans: [[0, 9]] }] });
const refused = () => answer(200, { lectures: [{ lease: "lease-1", ended: "withdrawn", explanation: "下架" }] });
for (const [name, reply, work] of /** @type {[string, any, () => Promise<any>][]} */ ([
  ["a download", undefined, () => keeper().run("sound")],
  ["a download that goes on", undefined, () => keeper().run()],
  ["a renewal", renewed, () => contact(true)],
  ["a withdrawal", refused, () => contact(true)],
])) {
  test(`${name} that is under way while everything is deleted keeps nothing`, async () => {
    let ended = 0;
    for (let after = 0; ended < 3; after++) {
      await store.wipe();
      serving();
      await keeper().run("sound");
      serving(reply);
      const running = work().catch((error) => { if (!(error instanceof Stopped && error.why === "cancelled") && !(error instanceof store.Wiped)) throw error; }).then(() => true);
      await ticks(after);
      if (await Promise.race([running, ticks(0).then(() => false)])) ended++;
      await store.wipe();
      await running;
      assert.deepEqual([await store.lectures(), await store.pieces("lecture", LECTURE.files[0].sha256), mark.remembered()], [[], [], null], `after ${after} steps`);
    }
  });
}

test("sizes are read by people", () => {
  assert.deepEqual([0, 1, 900_000, 9.4 * 1048576, 52.6 * 1048576, 2.1 * 1024 * 1048576].map(megabytes), ["0 MB", "0.1 MB", "0.9 MB", "9.4 MB", "53 MB", "2.1 GB"]);
});
