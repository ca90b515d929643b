import assert from "node:assert/strict";
import { test } from "node:test";

import { answer, load } from "./page.js";

const { acknowledgement, isProblem, ownJson } = await load("answers.js");

test("only an object of JSON is ours", async () => {
  assert.deepEqual(await ownJson(answer(200, { a: 1 })), { a: 1 });
  assert.deepEqual(await ownJson(answer(400, { a: 1 }, "application/problem+json; charset=utf-8")), { a: 1 });
  for (const foreign of [answer(200, { a: 1 }, "text/html"), answer(200, [1]), answer(200, "null"), answer(200, "{"), answer(204, null, "")]) {
    assert.equal(await ownJson(foreign), null);
  }
});

test("a refusal of ours has our kind of type", () => {
  assert.equal(isProblem({ type: "urn:academy:busy" }), true);
  for (const foreign of [null, {}, { type: "about:blank" }, { type: 7 }, "urn:academy:busy"]) assert.equal(isProblem(foreign), false);
});

test("a heartbeat is acknowledged by its own number alone", async () => {
  assert.deepEqual(await acknowledgement(answer(204, null, ""), 3), {});
  assert.deepEqual(await acknowledgement(answer(409, { seq: 3 }), 3), { seq: 3 });
  assert.equal(await acknowledgement(answer(200, { seq: 4 }), 3), null);
  for (const status of [408, 429, 500, 503]) assert.equal(await acknowledgement(answer(status, { seq: 3 }), 3), null);
});
