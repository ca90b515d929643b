import assert from "node:assert/strict";
import { test } from "node:test";

import { load, page } from "./page.js";

page("", { language: "en" });
const { fill, form, wordsOf } = await load("words.js");

test("places are filled by name, and what nobody knows stays", () => {
  assert.equal(fill("%(a)s of %(b)s, %(c)s", { a: 1, b: "$& 2" }), "1 of $& 2, %(c)s");
  assert.equal(fill("“%(name)s”", { name: "%(other)s" }), "“%(other)s”", "a value is no sentence");
});

test("English has two numbers, Chinese one", () => {
  const words = ["%(n)s page", "%(n)s pages"];
  assert.deepEqual([0, 1, 2, 21].map((n) => fill(words, { n })), ["0 pages", "1 page", "2 pages", "21 pages"]);
  assert.deepEqual([1, 2].map((n) => form(["%(n)s 页", "%(n)s 页"], n, "zh-CN")), ["%(n)s 页", "%(n)s 页"]);
});

test("a part of the page carries its words", () => {
  const document = page(`<div data-words='{"n": ["%(n)s line", "%(n)s lines"], "none": "none"}'></div>`, { language: "en" });
  const say = wordsOf(document.querySelector("div"));
  assert.deepEqual([say("n", { n: 1 }), say("n", { n: 5 }), say("none")], ["1 line", "5 lines", "none"]);
});
