/* The caption editor: every change is in the page at once and on the server two seconds later. */

import { isProblem, ownJson } from "./answers.js";
import { Draft } from "./captions-draft.js";
import { Review } from "./captions-review.js";

const root = document.querySelector("[data-captions]");
if (root) start();

function start() {
  const words = JSON.parse(root.dataset.words);
  const terms = JSON.parse(root.dataset.terms);
  const say = (key, values = {}) => words[key].replace(/\{(\w+)\}/g, (_, name) => values[name]);
  const one = (selector) => root.querySelector(selector);
  const list = one("[data-rows]");
  const video = one("video");
  const rows = () => [...list.querySelectorAll(".caption-row")];
  const field = (row, name) => row.querySelector(`[name=${name}]`);
  const text = (row) => field(row, "text");
  let version = Number(root.dataset.version);
  let changed = 0;
  let sent = 0;
  let timer = 0;
  let saving = false;
  let stopAt = null;
  const before = []; // what the lines were before each step that changes more than letters
  const review = new Review(root, { rows, text, say });
  const draft = new Draft(root.dataset.save);

  for (const row of rows()) {
    show(row, "start", Number(field(row, "start").value));
    show(row, "end", Number(field(row, "end").value));
  }
  if (video) load(video);
  propose();
  review.draw();
  restore();

  // ---- times ----

  function stamp(ms) {
    const part = (n, size) => String(n).padStart(size, "0");
    const [h, m, s] = [Math.floor(ms / 3600000), Math.floor(ms / 60000) % 60, Math.floor(ms / 1000) % 60];
    return `${h ? `${h}:` : ""}${part(m, 2)}:${part(s, 2)}.${part(ms % 1000, 3)}`;
  }

  function milliseconds(value) {
    const match = /^(?:(\d+):)?(?:(\d+):)?(\d+)(?:[.,](\d{1,3}))?$/.exec(value.trim());
    if (!match) return NaN;
    const [, a, b, seconds, rest] = match;
    const [hours, minutes] = b === undefined ? [0, Number(a ?? 0)] : [Number(a), Number(b)];
    return ((hours * 60 + minutes) * 60 + Number(seconds)) * 1000 + Number((rest ?? "0").padEnd(3, "0"));
  }

  function show(row, name, ms) {
    field(row, name).value = stamp(Math.max(0, Math.round(ms)));
  }

  const at = (row, name) => milliseconds(field(row, name).value);

  // ---- saving ----

  // What an earlier visit could not send (a dead battery, a killed browser) is offered, not forced.
  function restore() {
    const left = draft.read();
    if (!left) return;
    const box = one("[data-draft]");
    one("[data-draft-text]").textContent = say(left.version === version ? "left" : "left_older", { n: left.cues.length });
    box.hidden = false;
    one("[data-draft-use]").addEventListener("click", () => {
      box.hidden = true;
      step();
      list.replaceChildren(...left.cues.map(([start, end, words, sure]) => make(start, end, words, sure)));
      touch();
    });
    one("[data-draft-drop]").addEventListener("click", () => {
      box.hidden = true;
      draft.clear();
    });
  }

  function touch() {
    review.draw();
    changed += 1;
    draft.keep(version, rows().map((row) => [at(row, "start"), at(row, "end"), text(row).value, row.dataset.sure]));
    state("dirty");
    clearTimeout(timer);
    timer = setTimeout(save, 2000);
  }

  function state(key) {
    one("[data-state]").textContent = say(key);
  }

  function problem(sentence) {
    const box = one("[data-problem]");
    box.hidden = !sentence;
    box.querySelector("p").textContent = sentence ?? "";
  }

  function collect() {
    const found = [];
    let fine = true;
    for (const row of rows()) {
      const [start, end] = [at(row, "start"), at(row, "end")];
      const wrong = !(start < end);
      row.classList.toggle("wrong", wrong);
      fine &&= !wrong;
      found.push([start, end, text(row).value, row.dataset.sure ? Number(row.dataset.sure) : null]);
    }
    return fine ? found : null;
  }

  async function save() {
    clearTimeout(timer);
    if (saving || sent === changed) return;
    const cues = collect();
    if (!cues) return problem(say("badtime"));
    saving = true;
    const upTo = changed;
    state("saving");
    try {
      const answer = await fetch(root.dataset.save, {
        method: "PUT",
        headers: {
          "Content-Type": "application/json",
          Accept: "application/json",
          "X-CSRFToken": document.querySelector("meta[name=csrf-token]").content,
        },
        body: JSON.stringify({ version, cues }),
      });
      const body = await ownJson(answer);
      if (answer.ok && Number.isInteger(body?.version)) {
        version = body.version;
        sent = upTo;
        if (changed === sent) draft.clear();
        problem(null);
        state("saved");
      } else if (isProblem(body) && answer.status < 500 && answer.status !== 429) {
        problem(body.title);
        state("unsaved");
      } else throw new Error("not the academy's word");
    } catch {
      state("offline");
      timer = setTimeout(save, 5000);
    }
    saving = false;
    if (sent === upTo && changed !== sent) touch();
  }

  addEventListener("beforeunload", (event) => changed !== sent && event.preventDefault());
  addEventListener("online", save);

  // ---- steps back ----

  function step() {
    before.push(rows().map((row) => [at(row, "start"), at(row, "end"), text(row).value, row.dataset.sure]));
    if (before.length > 50) before.shift();
    one("[data-undo]").hidden = false;
  }

  function undo() {
    const lines = before.pop();
    one("[data-undo]").hidden = !before.length;
    if (!lines) return;
    list.replaceChildren(...lines.map((line) => make(...line)));
    touch();
    state("undone");
  }

  function make(start, end, words, sure) {
    const row = one("template[data-row]").content.firstElementChild.cloneNode(true);
    show(row, "start", start);
    show(row, "end", end);
    text(row).value = words;
    if (sure) row.dataset.sure = sure;
    return row;
  }

  one("[data-undo]").addEventListener("click", undo);

  // ---- one line ----

  function play(row) {
    if (!video) return;
    if (!video.paused && stopAt !== null) return video.pause();
    video.currentTime = at(row, "start") / 1000;
    stopAt = at(row, "end") / 1000;
    video.play().catch(() => {});
  }

  function split(row) {
    const area = text(row);
    const whole = area.value;
    const cut = area.selectionStart > 0 && area.selectionStart < whole.length ? area.selectionStart : Math.ceil(whole.length / 2);
    const [start, end] = [at(row, "start"), at(row, "end")];
    if (whole.length < 2 || !(end - start > 200)) return;
    const now = video ? video.currentTime * 1000 : 0;
    step();
    const middle = now > start + 100 && now < end - 100 ? now : start + ((end - start) * cut) / whole.length;
    const other = row.cloneNode(true);
    area.value = whole.slice(0, cut).trim();
    text(other).value = whole.slice(cut).trim();
    show(row, "end", middle);
    show(other, "start", middle);
    show(other, "end", end);
    row.after(other);
    text(other).focus();
    touch();
  }

  function merge(row) {
    const other = row.nextElementSibling;
    if (!other?.matches(".caption-row")) return;
    step();
    const [a, b] = [text(row).value.trim(), text(other).value.trim()];
    text(row).value = /[\x21-\x7e]$/.test(a) && /^[\x21-\x7e]/.test(b) ? `${a} ${b}` : a + b;
    field(row, "end").value = field(other, "end").value;
    other.remove();
    text(row).focus();
    touch();
  }

  function remove(row) {
    step();
    const near = row.nextElementSibling ?? row.previousElementSibling;
    row.remove();
    near?.querySelector("textarea")?.focus();
    touch();
  }

  function mark(row, name) {
    if (!video) return;
    show(row, name, video.currentTime * 1000);
    touch();
  }

  // A new line in the room that is left before the next one, or in the later half of this one.
  function insert(row) {
    step();
    const next = row.nextElementSibling;
    let start = at(row, "end");
    const most = next ? at(next, "start") : start + 2000;
    if (most - start < 200) {
      start = (at(row, "start") + start) / 2;
      show(row, "end", start);
    }
    const made = make(start, Math.min(start + 2000, Math.max(most, start + 200)), "");
    row.after(made);
    text(made).focus();
    touch();
  }

  function confirm(row) {
    delete row.dataset.sure;
    touch();
    review.next(row)?.focus();
  }

  one("[data-first]")?.removeAttribute("hidden");
  one("[data-first]")?.addEventListener("click", (event) => {
    event.target.closest(".card").hidden = true;
    list.append(make(0, 2000, ""));
    text(rows()[0]).focus();
  });

  const acts = { play, split, merge, remove, insert, confirm };
  list.addEventListener("click", (event) => {
    const act = event.target.closest("[data-act]");
    if (act) acts[act.dataset.act](act.closest(".caption-row"));
  });
  list.addEventListener("input", (event) => {
    // Whoever writes a line has looked at it.
    if (event.target.name === "text") delete event.target.closest(".caption-row").dataset.sure;
    touch();
  });
  list.addEventListener("focusout", (event) => {
    if (!event.target.matches("[data-ms]")) return;
    const ms = milliseconds(event.target.value);
    if (!Number.isNaN(ms)) event.target.value = stamp(ms);
  });
  list.addEventListener("keydown", (event) => {
    const row = event.target.closest(".caption-row");
    if (!row) return;
    const control = event.ctrlKey || event.metaKey;
    const go = (other) => other?.querySelector("textarea")?.focus();
    const keys = {
      [control && event.code === "Space"]: () => play(row),
      [control && event.key === "Enter"]: () => split(row),
      [control && event.code === "KeyM"]: () => merge(row),
      [event.altKey && event.key === "ArrowUp"]: () => go(row.previousElementSibling),
      [event.altKey && event.key === "ArrowDown"]: () => go(row.nextElementSibling),
      [event.altKey && event.key === "Enter"]: () => insert(row),
      [event.altKey && event.code === "KeyY"]: () => confirm(row),
      [event.altKey && event.code === "BracketLeft"]: () => mark(row, "start"),
      [event.altKey && event.code === "BracketRight"]: () => mark(row, "end"),
    };
    if (keys[true]) {
      event.preventDefault();
      keys[true]();
    }
  });
  addEventListener("keydown", (event) => {
    if (!event.altKey || event.ctrlKey) return;
    if (event.code === "KeyU") review.next(event.target.closest(".caption-row"))?.focus();
    else if (event.code === "KeyZ") undo();
    else return;
    event.preventDefault();
  });
  addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.code !== "KeyS") return;
    event.preventDefault();
    save();
  });

  // ---- all lines ----

  const find = one("#find");
  const put = one("#replace");
  const preview = () => {
    const wanted = find.value;
    const box = one("[data-preview-list]");
    box.replaceChildren();
    let count = 0;
    for (const row of wanted ? rows() : []) {
      const value = text(row).value;
      const hits = value.split(wanted).length - 1;
      count += hits;
      if (!hits || box.childElementCount >= 50) continue;
      const line = document.createElement("li");
      value.split(wanted).forEach((piece, n) => {
        if (n) {
          const shown = document.createElement("mark");
          shown.textContent = put.value || wanted;
          line.append(shown);
        }
        line.append(piece);
      });
      box.append(line);
    }
    one("[data-found]").textContent = !wanted ? "" : count ? say("matches", { n: count }) : say("none");
  };
  find.addEventListener("input", preview);
  put.addEventListener("input", preview);
  one("[data-replace]").addEventListener("click", () => replaceAll(find.value, put.value));

  function replaceAll(wanted, by) {
    if (!wanted) return;
    step();
    for (const row of rows()) text(row).value = text(row).value.split(wanted).join(by);
    preview();
    propose();
    touch();
  }

  let current = null;
  list.addEventListener("focusin", (event) => (current = event.target.closest(".caption-row")));
  one("[data-shift]").addEventListener("click", () => shift(rows()));
  one("[data-shift-from]").addEventListener("click", () => {
    const all = rows();
    shift(all.slice(Math.max(0, all.indexOf(current))));
  });

  function shift(moved) {
    const by = Math.round(Number(one("#shift").value) * 1000);
    if (!by || !moved.length) return;
    step();
    // Nothing can be before the beginning, nor before the line that stays: the rest moves as far as it can.
    const stays = moved[0].previousElementSibling;
    const real = Math.max(by, (stays ? at(stays, "end") : 0) - at(moved[0], "start"));
    for (const row of moved) {
      const [start, end] = [at(row, "start") + real, at(row, "end") + real];
      show(row, "start", start);
      show(row, "end", end);
    }
    touch();
  }

  function propose() {
    const box = one("[data-proposals]");
    box.replaceChildren();
    for (const [wrong, right] of terms) {
      const count = rows().reduce((sum, row) => sum + text(row).value.split(wrong).length - 1, 0);
      if (!count) continue;
      const button = document.createElement("button");
      button.type = "button";
      button.className = "button quiet";
      button.textContent = say("propose", { wrong, right, n: count });
      button.addEventListener("click", () => replaceAll(wrong, right));
      const line = document.createElement("li");
      line.append(button);
      box.append(line);
    }
  }

  // ---- the video ----

  function load(player) {
    if (window.Hls?.isSupported()) {
      const hls = new Hls();
      hls.loadSource(player.dataset.playlist);
      hls.attachMedia(player);
    } else player.src = player.dataset.playlist;
    let shown = null;
    player.addEventListener("pause", () => (stopAt = null));
    player.addEventListener("timeupdate", () => {
      if (stopAt !== null && player.currentTime >= stopAt) player.pause();
      const now = player.currentTime * 1000;
      const row = rows().find((r) => at(r, "start") <= now && now < at(r, "end"));
      if (row === shown) return;
      shown?.classList.remove("here");
      row?.classList.add("here");
      shown = row;
      if (row && !list.contains(document.activeElement)) row.scrollIntoView({ block: "nearest" });
    });
  }
}
