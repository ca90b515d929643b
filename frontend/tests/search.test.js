import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";

import { answer, answering, load, page, settled } from "./page.js";

const FORM = (action) => `<form role="search" action="${action}"><label for="q">Search</label><input id="q" name="q"></form>`;
let document;
let input;
let asked;
let round = 0;

/** The search box of a fresh page: the module arms what it finds when it is loaded. */
async function open(action = "/search", reply = () => answer(200, ["党章", "党课", "党史"])) {
  document = page(FORM(action));
  document.querySelector("form").requestSubmit = mock.fn();
  asked = answering(reply);
  await load(`search.js?${(round += 1)}`);
  input = document.querySelector("input");
  input.focus();
}

const list = () => document.querySelector("ul");
const options = () => [...list().children].map((one) => one.textContent);
const chosen = () => list().querySelector("[aria-selected=true]")?.textContent ?? null;
const press = (key, more = {}) => {
  const event = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...more });
  input.dispatchEvent(event);
  return event;
};

async function type(text) {
  input.value = text;
  input.dispatchEvent(new Event("input", { bubbles: true }));
  mock.timers.tick(150);
  mock.timers.reset();
  await settled();
  mock.timers.enable({ apis: ["setTimeout"] });
}

beforeEach((t) => {
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout"] });
  t.after?.(() => mock.timers.reset());
});

test("names are asked for once somebody pauses, and shown as a list box", async () => {
  await open();
  input.value = "党";
  for (let n = 0; n < 3; n++) input.dispatchEvent(new Event("input", { bubbles: true }));
  await type("党 章");
  assert.deepEqual(asked.map((one) => one.url), [`/search/suggest?q=${encodeURIComponent("党 章")}`]);
  assert.deepEqual(options(), ["党章", "党课", "党史"]);
  assert.equal(input.getAttribute("aria-expanded"), "true");
  assert.equal(list().getAttribute("aria-label"), "Search");
});

test("what was typed while the script was on its way is asked for; what a page begins with is not", async () => {
  for (const [typed, times] of [["党", 1], ["", 0]]) {
    document = page(`<form role="search" action="/search"><input name="q" value="${typed ? "" : "党章"}"></form>`);
    asked = answering(() => answer(200, ["党章"]));
    input = document.querySelector("input");
    input.focus();
    if (typed) input.value = typed;
    await load(`search.js?${(round += 1)}`);
    mock.timers.tick(150);
    mock.timers.reset();
    await settled();
    mock.timers.enable({ apis: ["setTimeout"] });
    assert.equal(asked.length, times, typed);
  }
});

test("arrows walk around, over what was typed at either end", async () => {
  await open();
  await type("党");
  const seen = [];
  for (let n = 0; n < 5; n++) {
    assert.equal(press("ArrowDown").defaultPrevented, true);
    seen.push(chosen());
  }
  assert.deepEqual(seen, ["党章", "党课", "党史", null, "党章"]);
  press("ArrowUp");
  press("ArrowUp");
  assert.equal(chosen(), "党史");
  assert.equal(input.getAttribute("aria-activedescendant"), list().lastElementChild.id);
});

test("Enter takes what is marked, and searches for what was typed where nothing is", async () => {
  await open();
  await type("党");
  assert.equal(press("Enter").defaultPrevented, false);
  press("ArrowDown");
  assert.equal(press("Enter").defaultPrevented, true);
  assert.equal(input.value, "党章");
  assert.equal(document.querySelector("form").requestSubmit.mock.callCount(), 1);
  assert.equal(list().hidden, true);
});

test("Escape and leaving the field close the list", async () => {
  await open();
  await type("党");
  press("Escape");
  assert.equal(list().hidden, true);
  await type("党课");
  assert.equal(list().hidden, false);
  input.blur();
  assert.equal(list().hidden, true);
});

test("keys that compose a character are not ours", async () => {
  await open();
  await type("党");
  assert.equal(press("ArrowDown", { isComposing: true }).defaultPrevented, false);
  assert.equal(chosen(), null);
});

for (const [name, reply] of [
  ["a refusal", () => answer(429, {})],
  ["no network", () => { throw new TypeError("Failed to fetch"); }],
]) {
  test(`${name} shows nothing`, async () => {
    await open("/search", reply);
    await type("党");
    assert.equal(list().hidden, true);
  });
}

test("an answer that was overtaken says nothing", async () => {
  const late = [];
  await open("/search", () => new Promise((resolve) => { late.push(resolve); }));
  await type("党");
  await type("党章");
  late[1](answer(200, ["second"]));
  late[0](answer(200, ["first"]));
  mock.timers.reset();
  await settled(5);
  assert.deepEqual(options(), ["second"]);
});

test("a field of that name elsewhere is left alone", async () => {
  await open("/members");
  assert.equal(list(), null);
});
