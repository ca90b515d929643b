import assert from "node:assert/strict";
import { mock, test } from "node:test";

import { answer, answering, draws, load, page, settled } from "./page.js";

page("");
const { formatTime, parseTime } = await load("captions/times.js");
const { joinTexts, occurrences, realShift, gapAfter, splitCue } = await load("captions/edits.js");
const { History } = await load("captions/history.js");
const { Saver } = await load("captions/saver.js");
const { pageAct, rowAct } = await load("captions/keys.js");
const { Draft } = await load("captions/draft.js");
const { Editor } = await load("captions/editor.js");
const { Following, lineAt } = await load("captions/following.js");
const { Rows } = await load("captions/rows.js");

test("every time that is written is read as the same", () => {
  const draw = draws(5);
  for (let n = 0; n < 500; n++) {
    const ms = draw(100_000_000);
    assert.equal(parseTime(formatTime(ms)), ms);
  }
  assert.deepEqual(["3", "2:03,4", " 1:02:03.45 ", "75:00"].map(parseTime), [3000, 123_400, 3_723_450, 4_500_000]);
  for (const wrong of ["", "abc", "1:2:3:4", "1.2345", "-1", "1:"]) assert.ok(Number.isNaN(parseTime(wrong)), wrong);
  assert.equal(formatTime(-5), "00:00.000");
});

test("a line is split where one is, and loses neither time nor letters", () => {
  const cue = { start: 1000, end: 5000, text: "同志们好今天学习" };
  assert.deepEqual(splitCue(cue, 4, 0), [{ start: 1000, end: 3000, text: "同志们好" }, { start: 3000, end: 5000, text: "今天学习" }]);
  assert.deepEqual(splitCue(cue, 4, 1500)[0].end, 1500, "at the moment that is shown");
  assert.equal(splitCue(cue, 0, 0)[0].text.length, 4, "in the middle, where the cursor stands at an end");
  assert.equal(splitCue({ ...cue, text: "同" }, 0, 0), null);
  assert.equal(splitCue({ ...cue, end: 1200 }, 2, 0), null);
  const draw = draws(6);
  for (let n = 0; n < 200; n++) {
    const text = "甲乙丙丁戊己".slice(0, 2 + draw(5));
    const [a, b] = splitCue({ start: 0, end: 201 + draw(9000), text }, draw(8), draw(9000));
    assert.ok(a.start < a.end && a.end === b.start && b.start < b.end);
    assert.equal(a.text + b.text, text);
  }
});

test("words of letters are joined with a space, Chinese without", () => {
  assert.equal(joinTexts("hello ", " world"), "hello world");
  assert.equal(joinTexts("学习", "党章"), "学习党章");
  assert.equal(joinTexts("学习", "AI"), "学习AI");
});

test("a new line finds room before the next, or takes half of this one", () => {
  assert.deepEqual(gapAfter({ start: 0, end: 1000 }, null), { start: 1000, end: 3000, cutAt: null });
  assert.deepEqual(gapAfter({ start: 0, end: 1000 }, 1500), { start: 1000, end: 1500, cutAt: null });
  assert.deepEqual(gapAfter({ start: 0, end: 1000 }, 1100), { start: 500, end: 1100, cutAt: 500 });
});

test("lines move no further than to what stays", () => {
  assert.equal(realShift(-5000, 2000, 0), -2000);
  assert.equal(realShift(-5000, 9000, 6000), -3000);
  assert.equal(realShift(700, 2000, 0), 700);
});

test("what is looked for is counted, an empty search finds nothing", () => {
  assert.deepEqual([occurrences("aXbXc", "X"), occurrences("abc", "X"), occurrences("abc", "")], [2, 0, 0]);
});

test("fifty steps back are kept", () => {
  const history = new History();
  for (let n = 0; n < 60; n++) history.push(n);
  assert.equal(history.steps.length, 50);
  assert.equal(history.pop(), 59);
});

test("keys mean what the page says", () => {
  const key = (init) => new KeyboardEvent("keydown", init);
  assert.equal(rowAct(key({ ctrlKey: true, code: "Space" })), "play");
  assert.equal(rowAct(key({ metaKey: true, key: "Enter" })), "split");
  assert.equal(rowAct(key({ altKey: true, key: "Enter" })), "insert");
  assert.equal(rowAct(key({ altKey: true, code: "BracketRight", key: "]" })), "markEnd");
  assert.equal(rowAct(key({ key: "Enter" })), null);
  assert.equal(pageAct(key({ ctrlKey: true, code: "KeyS" })), "save");
  assert.equal(pageAct(key({ altKey: true, code: "KeyZ" })), "undo");
  assert.equal(pageAct(key({ code: "KeyU" })), null);
});

test("a draft that nobody can read is none", () => {
  page("");
  const draft = new Draft("/x");
  assert.equal(draft.read(), null);
  for (const junk of ["{", "null", "7", '{"cues": 3}', '{"cues": []}']) {
    localStorage.setItem(draft.name, junk);
    assert.equal(draft.read(), null, junk);
  }
  draft.keep(2, [[0, 1, "a", undefined]]);
  assert.deepEqual(draft.read().cues, [[0, 1, "a", null]]);
  draft.clear();
  assert.equal(draft.read(), null);
});

/** A saver, what it said, and the lines it would send. */
function saver(lines = [[0, 1, "a", null]]) {
  const said = { states: [], problems: [], saved: 0 };
  const made = new Saver({
    address: "/cues", version: 4, collect: () => lines, badTime: "bad time",
    onState: (state) => said.states.push(state), onProblem: (sentence) => said.problems.push(sentence),
    onSaved: () => { said.saved += 1; }, onLater: () => made.touch(),
  });
  return [made, said];
}

const FOREIGN = [
  () => answer(200, "<!doctype html>", "text/html"), () => answer(200, { ok: true }), () => answer(200, { version: "5" }),
  () => answer(404, "", "text/html"), () => answer(409, { type: "about:blank", title: "no" }), () => answer(503, { type: "urn:academy:crash" }),
  () => answer(429, { type: "urn:academy:slow" }), () => { throw new TypeError("Failed to fetch"); },
];

test("lines are saved only on the academy's word, and asked again until then", async (t) => {
  page("");
  mock.timers.enable({ apis: ["setTimeout"] });
  t.after(() => mock.timers.reset());
  const asked = answering((_url, _options, times) => (FOREIGN[times - 1] ?? (() => answer(200, { version: 5 })))());
  const [made, said] = saver();
  made.touch();
  for (let n = 0; n < FOREIGN.length; n++) {
    await made.save();
    assert.equal(made.pending, true);
    assert.equal(said.states.at(-1), "offline");
  }
  await made.save();
  assert.deepEqual([made.pending, made.version, said.saved, said.states.at(-1)], [false, 5, 1, "saved"]);
  assert.equal(asked.at(-1).body.version, 4);
  await made.save();
  assert.equal(asked.length, FOREIGN.length + 1, "what is saved is not sent again");
});

test("a refusal of ours is shown, and lines with bad times are not sent", async (t) => {
  mock.timers.enable({ apis: ["setTimeout"] });
  t.after(() => mock.timers.reset());
  answering(() => answer(409, { type: "urn:academy:conflict", title: "somebody else saved" }, "application/problem+json"));
  const [made, said] = saver();
  made.touch();
  await made.save();
  assert.deepEqual([said.problems.at(-1), said.states.at(-1), made.pending], ["somebody else saved", "unsaved", true]);
  const [bad, told] = saver(null);
  bad.touch();
  await bad.save();
  assert.deepEqual(told.problems, ["bad time"]);
});

// ---- the whole editor ----

const ROW = (start, end, text, sure) => `<li class="caption-row"${sure ? ` data-sure="${sure}"` : ""}><input name="start" data-ms value="${start}">
  <input name="end" data-ms value="${end}"><button data-act="split"></button><button data-act="merge"></button><button data-act="remove"></button>
  <button data-act="insert"></button><button data-act="confirm"></button><textarea name="text">${text}</textarea></li>`;
const WORDS = { matches: ["%(n)s match", "%(n)s matches"], none: "none", propose: "%(wrong)s to %(right)s (%(n)s)", sure: "%(n)s/100", left: "left", left_older: "older",
  badtime: "bad time", undone: "undone", saved: "saved", saving: "saving", dirty: "dirty", offline: "offline", unsaved: "unsaved" };

function editor(rows = [ROW(0, 4000, "同志们好今天", 0.9), ROW(4000, 8000, "两学一坐", 0.4), ROW(8000, 12_000, "乡村振性", 0.2)], kept = null) {
  const names = ["state", "problem", "draft", "draft-text", "draft-use", "draft-drop", "undo", "replace", "found", "preview-list", "shift", "shift-from", "proposals"];
  const parts = names.map((name) => `<div data-${name} hidden><p></p></div>`).join("");
  const document = page(`<div data-captions data-version="3" data-save="/cues" data-terms='[["两学一坐", "两学一做"]]'>${parts}
    <input id="find"><input id="replace"><input id="shift"><div data-review-box><b data-review-count></b><ol data-review></ol></div>
    <ol data-rows>${rows.join("")}</ol><template data-row>${ROW(0, 1000, "")}</template></div>`, { language: "en" });
  if (kept) localStorage.setItem("academy-captions:/cues", JSON.stringify(kept));
  const root = document.querySelector("[data-captions]");
  root.dataset.words = JSON.stringify(WORDS);
  const made = new Editor(root);
  return { made, root, texts: () => made.rows.all().map((row) => made.rows.text(row)), times: () => made.rows.lines().map(([a, b]) => [a, b]) };
}

test("steps change lines, and each is undone", (t) => {
  mock.timers.enable({ apis: ["setTimeout"] });
  t.after(() => mock.timers.reset());
  const before = ["同志们好今天", "两学一坐", "乡村振性"];
  const acts = {
    merge: ["同志们好今天两学一坐", "乡村振性"], remove: ["两学一坐", "乡村振性"],
    split: ["同志们", "好今天", "两学一坐", "乡村振性"], insert: ["同志们好今天", "", "两学一坐", "乡村振性"],
  };
  for (const [act, after] of Object.entries(acts)) {
    const { made, root, texts, times } = editor();
    const whole = times();
    root.querySelector(`[data-act=${act}]`).click();
    assert.deepEqual(texts(), after, act);
    assert.equal(root.querySelector("[data-undo]").hidden, false);
    for (const [start, end] of times()) assert.ok(start < end, act);
    made.undo();
    assert.deepEqual([texts(), times()], [before, whole], act);
  }
});

test("the least sure comes first, and looking at it settles it", (t) => {
  mock.timers.enable({ apis: ["setTimeout"] });
  t.after(() => mock.timers.reset());
  const { made, root } = editor();
  const unsure = () => [...root.querySelectorAll("[data-review] button")].map((one) => one.textContent);
  assert.deepEqual(unsure(), ["乡村振性20/100", "两学一坐40/100"]);
  made.confirm(made.rows.all()[1]);
  assert.deepEqual(unsure(), ["乡村振性20/100"]);
  made.rows.area(made.rows.all()[2]).dispatchEvent(new Event("input", { bubbles: true }));
  assert.deepEqual(unsure(), []);
});

test("all lines: replaced, proposed, moved", (t) => {
  mock.timers.enable({ apis: ["setTimeout"] });
  t.after(() => mock.timers.reset());
  const { made, root, texts, times } = editor();
  made.search.find.value = "两学";
  made.search.preview();
  assert.equal(root.querySelector("[data-found]").textContent, "1 match");
  root.querySelector("[data-proposals] button").click();
  assert.equal(texts()[1], "两学一做");
  assert.equal(root.querySelector("[data-proposals] button"), null);
  root.querySelector("#shift").value = "-3";
  made.current = made.rows.all()[1];
  root.querySelector("[data-shift-from]").click();
  assert.deepEqual(times(), [[0, 4000], [4000, 8000], [8000, 12_000]], "the first line stays in the way");
  root.querySelector("#shift").value = "1.5";
  root.querySelector("[data-shift]").click();
  assert.deepEqual(times()[0], [1500, 5500]);
});

test("what an earlier visit left is offered, and put back only when asked for", async (t) => {
  mock.timers.enable({ apis: ["setTimeout"] });
  t.after(() => mock.timers.reset());
  const { root, texts, made } = editor(undefined, { version: 3, cues: [[0, 900, "留下的", null]] });
  assert.equal(root.querySelector("[data-draft]").hidden, false);
  assert.equal(texts().length, 3);
  root.querySelector("[data-draft-use]").click();
  assert.deepEqual(texts(), ["留下的"]);
  made.undo();
  assert.equal(texts().length, 3);
});

test("lines whose end is not after their start are marked and not sent", async () => {
  const asked = answering(() => answer(200, { version: 4 }));
  const { made, root } = editor([ROW(5000, 4000, "反了")]);
  made.touch();
  await made.saver.save();
  assert.equal(asked.length, 0);
  assert.equal(root.querySelector(".caption-row").classList.contains("wrong"), true);
  clearTimeout(made.saver.timer);
  await settled();
});

test("the line that is said is found, whatever gaps and overlaps there are", () => {
  const draw = draws(11);
  for (let n = 0; n < 300; n++) {
    const lines = Array.from({ length: draw(12) }, () => { const start = draw(100); return { start, end: start + 1 + draw(20) }; });
    lines.sort((a, b) => a.start - b.start);
    const now = draw(130);
    const begun = lines.filter((line) => line.start <= now).pop();
    assert.equal(lineAt(lines, now), begun && now < begun.end ? begun : null);
  }
});

test("lines follow the film, but not under the hands of somebody who writes or scrolls", () => {
  const row = (start, end) => `<li class="caption-row"><input name="start" value="${start}"><input name="end" value="${end}"><textarea></textarea></li>`;
  const document = page(`<input type="checkbox" checked><ol data-rows tabindex="-1">${[0, 1, 2, 3].map((n) => row(n * 1000, n * 1000 + 900)).join("")}</ol><template data-row></template>`);
  const rows = new Rows(document.body);
  const box = document.querySelector("input[type=checkbox]");
  const following = new Following(rows, box);
  const pane = rows.list;
  Object.defineProperty(pane, "clientHeight", { value: 100 });
  rows.all().forEach((one, n) => Object.defineProperties(one, { offsetTop: { value: n * 100 }, offsetHeight: { value: 100 } }));
  const shown = () => document.querySelector("[aria-current]") && rows.all().indexOf(document.querySelector("[aria-current]"));
  following.show(2100);
  assert.deepEqual([shown(), pane.scrollTop], [2, 170]);
  following.show(2950);
  assert.equal(shown(), null, "between two lines nothing is said");
  document.querySelector("textarea").focus();
  following.show(3100);
  assert.deepEqual([shown(), pane.scrollTop], [3, 170], "marked, and not moved while one writes");
  assert.equal(document.activeElement, document.querySelector("textarea"));
  document.activeElement.blur();
  box.checked = false;
  following.show(100);
  assert.deepEqual([shown(), pane.scrollTop], [0, 170], "nor when the box is not ticked");
  box.checked = true;
  pane.dispatchEvent(new Event("wheel"));
  following.show(1100);
  assert.deepEqual([shown(), pane.scrollTop], [1, 170], "nor after one's own scrolling");
});
