// What is typed under a lecture is on the server or on the device, whatever answers come, and it is its owner's alone.

import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";

import { answer, answering, load, page } from "./page.js";

const document = page("<textarea></textarea>");
const { forget, keep, send, sendAll, waiting } = await load("talk-store.js");
const { NoteSaver } = await load("talk-note.js");

const note = (body, sequence = 1, owner = "me") => ({ owner, kind: "note", key: "k", item: "i", start: 0, version: 1, words: "", body, writer: "w", sequence, revision: 0 });
const question = { owner: "me", kind: "question", key: "q", item: "i", start: 0, version: 1, words: "", body: "问" };
const saved = (revision = 1, more = {}) => answer(200, { key: "k", body: "", revision, merged: false, ...more });

beforeEach(() => ["k", "q", "k2"].forEach(forget));

for (const [name, reply] of [
  ["a portal's page", () => answer(200, "<!doctype html>", "text/html")],
  ["another's JSON", () => answer(200, { ok: true })],
  ["another note", () => answer(200, { key: "other", revision: 3 })],
  ["an error of the server", () => answer(503, { type: "urn:academy:crash" }, "application/problem+json")],
  ["patience, please", () => answer(429, { type: "urn:academy:slow" }, "application/problem+json")],
  ["no network", () => { throw new TypeError("Failed to fetch"); }],
]) {
  test(`nothing is let go on ${name}`, async () => {
    answering(reply);
    for (const entry of [note("写"), question]) {
      keep(entry);
      assert.equal((await send(entry)).outcome, "offline");
    }
    assert.deepEqual(waiting("me").map((one) => one.body), ["写", "问"]);
  });
}

test("what is acknowledged is let go, and what was typed meanwhile is not", async () => {
  keep(note("一"));
  answering(() => {
    keep(note("一二", 2));
    return saved(4);
  });
  assert.equal((await send(note("一"))).outcome, "saved");
  assert.deepEqual(waiting("me").map((one) => [one.body, one.revision]), [["一二", 4]], "made from what is stored now");
  answering(() => saved(5));
  await send(waiting("me")[0]);
  assert.deepEqual(waiting("me"), []);
});

test("a refusal keeps the text and says why; a lost session keeps it too", async () => {
  keep(note("太长"));
  answering(() => answer(422, { type: "urn:academy:invalid", title: "请分成几条来写。" }, "application/problem+json"));
  assert.equal((await send(note("太长"))).outcome, "refused");
  assert.equal(waiting("me")[0].refused, "请分成几条来写。");
  keep(note("再写"));
  answering(() => answer(401, { type: "urn:academy:sign-in", title: "请登录。" }, "application/problem+json"));
  assert.equal((await send(note("再写"))).outcome, "signed_out");
  assert.equal(waiting("me")[0].body, "再写");
});

test("only one's own is sent, and a draft is not", async () => {
  keep({ ...note("我的"), key: "k2" });
  keep(note("家里人的", 1, "somebody"));
  keep({ ...question, refused: "还没有提交" });
  const asked = answering(() => answer(200, { key: "k2", revision: 1, body: "", merged: false }));
  await new Promise((done) => sendAll("me", done));
  assert.deepEqual(asked.map((one) => one.body.body), ["我的"]);
  assert.equal(asked[0].options.headers["X-CSRFToken"], "token");
  assert.deepEqual(waiting("somebody").map((one) => one.body), ["家里人的"]);
  forget("k");
});

test("a note is on the device at every stroke and on the server a moment later, in sequence", async (t) => {
  mock.timers.enable({ apis: ["setTimeout"] });
  t.after(() => mock.timers.reset());
  const field = document.querySelector("textarea");
  const states = [];
  const saver = new NoteSaver(field, note(""), (state) => states.push(state));
  const asked = answering((_url, _options, n) => saved(n));
  const type = (text) => {
    field.value = text;
    field.dispatchEvent(new Event("input"));
  };
  type("一");
  type("一二");
  assert.equal(waiting("me")[0].body, "一二");
  assert.deepEqual(asked, []);
  assert.equal(await saver.save(), true);
  assert.deepEqual(asked.map(({ body }) => [body.body, body.sequence, body.revision]), [["一二", 2, 0]]);
  type("一二三");
  await saver.close();
  const again = new NoteSaver(field, { ...note("一二三"), revision: 2 }, () => {});
  type("一二三四");
  await again.close();
  assert.deepEqual(asked.map(({ body }) => [body.sequence, body.revision]), [[2, 0], [3, 1], [4, 2]], "a sheet opened again goes on");
  assert.deepEqual([waiting("me"), states.at(-1)], [[], "saved"]);
});

test("what another device wrote comes into the field, unless one goes on typing", async () => {
  const field = document.querySelector("textarea");
  field.value = "";
  const saver = new NoteSaver(field, note(""), () => {});
  field.value = "我";
  field.dispatchEvent(new Event("input"));
  answering(() => saved(7, { merged: true, body: "别处\n我" }));
  await saver.save();
  assert.equal(field.value, "别处\n我");
  assert.equal(saver.pending, false);
  await saver.close();
});
