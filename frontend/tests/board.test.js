// A topic is dragged onto an evening: the form that asks for the price is sent, once, and only for an evening that is free.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { draws, load, page } from "./page.js";

const BOARD = `
<ol>
  <li data-plan-evening="2026-06-03"><article data-plan-card data-plan-day="2026-06-03"><h3>甲</h3><span data-plan-handle></span>
    <form data-plan-form><select name="day"><option value=""></option><option>2026-06-03</option><option>2026-06-10</option></select>
    <button name="verb" value="want">看看代价</button><button name="verb" value="refuse">不排</button></form></article></li>
  <li data-plan-evening="2026-06-10">空</li>
  <li data-plan-evening="2026-06-17">不在表里</li>
  <li id="taken">已排定</li>
</ol>`;
const document = page(BOARD);
globalThis.requestAnimationFrame = () => 0;
globalThis.innerHeight = 800;
globalThis.scrollBy = () => {};
for (const name of ["HTMLSelectElement", "HTMLFormElement"]) globalThis[name] = globalThis.window[name];

const sent = [];
globalThis.window.HTMLFormElement.prototype.requestSubmit = function (button) {
  sent.push([this.querySelector("select").value, button?.value]);
};
const { chooseEvening, drags, scrollStep } = await load("plan-board.js");

const card = document.querySelector("[data-plan-card]");
const handle = document.querySelector("[data-plan-handle]");
let below = null;
document.elementFromPoint = () => below;

function pointer(kind, target, { x = 0, y = 0, type = "mouse", id = 1, button = 0 } = {}) {
  const event = new globalThis.window.MouseEvent(kind, { bubbles: true, cancelable: true, clientX: x, clientY: y, button });
  Object.defineProperties(event, { pointerId: { value: id }, pointerType: { value: type } });
  target.dispatchEvent(event);
  return event;
}

const evening = (day) => document.querySelector(`[data-plan-evening="${day}"]`);

function drag(onto, more = {}) {
  pointer("pointerdown", handle, more);
  below = onto;
  pointer("pointermove", document, { x: 40, y: 40, ...more });
  pointer("pointerup", document, { x: 40, y: 40, ...more });
}

beforeEach(() => {
  sent.length = 0;
  document.querySelector("select").value = "";
});

test("a drop on a free evening asks for the price of that evening, once", () => {
  drag(evening("2026-06-10"));
  assert.deepEqual(sent, [["2026-06-10", "want"]]);
  pointer("pointerup", document);
  assert.equal(sent.length, 1);
  assert.equal(document.querySelector(".plan-held"), null);
  assert.equal(document.querySelector("[data-plan-over], [data-plan-held]"), null);
});

for (const [name, onto] of [
  ["its own evening", () => evening("2026-06-03")],
  ["an evening that is not offered", () => evening("2026-06-17")],
  ["an evening that has a lecture", () => document.getElementById("taken")],
  ["nothing", () => null],
]) {
  test(`a drop on ${name} sends nothing`, () => {
    drag(onto());
    assert.deepEqual(sent, []);
    assert.equal(document.querySelector(".plan-held, [data-plan-over], [data-plan-held]"), null);
  });
}

test("a finger scrolls, another button and another pointer do nothing", () => {
  drag(evening("2026-06-10"), { type: "touch" });
  drag(evening("2026-06-10"), { button: 2 });
  pointer("pointerdown", handle, { id: 1 });
  below = evening("2026-06-10");
  pointer("pointermove", document, { x: 40, y: 40, id: 2 });
  pointer("pointerup", document, { id: 2 });
  assert.deepEqual(sent, []);
  pointer("pointerup", document, { id: 1 });
});

test("a click is no drag, and Escape lets go", () => {
  below = evening("2026-06-10");
  pointer("pointerdown", handle);
  pointer("pointermove", document, { x: 3, y: 3 });
  pointer("pointerup", document, { x: 3, y: 3 });
  pointer("pointerdown", handle);
  pointer("pointermove", document, { x: 40, y: 40 });
  assert.equal(document.querySelector(".plan-held").textContent, "甲");
  assert.ok(evening("2026-06-10").hasAttribute("data-plan-over"));
  globalThis.dispatchEvent(new globalThis.window.KeyboardEvent("keydown", { key: "Escape" }));
  pointer("pointerup", document, { x: 40, y: 40 });
  assert.deepEqual(sent, []);
  assert.equal(document.querySelector(".plan-held, [data-plan-over]"), null);
});

test("the page goes on by itself near its edges only, never faster than a step", () => {
  const draw = draws(7);
  for (let n = 0; n < 500; n++) {
    const height = 300 + draw(1500);
    const y = draw(height + 200) - 100;
    const step = scrollStep(y, height);
    assert.ok(Math.abs(step) <= 14);
    assert.equal(Math.sign(step), y < 72 ? -1 : y > height - 72 ? 1 : 0);
  }
  assert.equal(drags({ x: 0, y: 0 }, { x: 3, y: 3 }), false);
  assert.equal(drags({ x: 0, y: 0 }, { x: 0, y: 6 }), true);
});

test("a card without a form takes no evening", () => {
  const bare = document.createElement("article");
  assert.equal(chooseEvening(bare, "2026-06-10"), false);
  assert.equal(chooseEvening(card, "2026-06-10"), true);
  assert.equal(chooseEvening(card, "1999-01-01"), false);
});
