// The page on which a lecture is put onto the phone: what it takes, how far it is, what went wrong.

import { Keeper, Stopped } from "./kept-fetch.js";
import { settleOwner } from "./kept-owner.js";
import { able, drop, lecture } from "./kept-store.js";
import { megabytes } from "./kept-words.js";
import { wordsOf } from "./words.js";

const box = document.querySelector("[data-keep]");
const words = wordsOf(box);
const { item } = box.dataset;
/** @param {string} name */
const part = (name) => box.querySelector(`[data-${name}]`);
/** @type {Keeper | null} */
let keeper = null;

/** @param {"ask" | "fetch" | "done" | "unable"} step */
function show(step) {
  for (const name of ["ask", "fetch", "done", "unable"]) part(name).hidden = name !== step;
}

/** @param {string} text */
function say(text) {
  part("problem").hidden = !text;
  part("problem-text").textContent = text;
}

function progress(done, all) {
  const bar = /** @type {HTMLProgressElement} */ (part("bar"));
  bar.max = Math.max(1, all);
  bar.value = done;
  part("far").textContent = words("far", { done: megabytes(done), all: megabytes(all) });
}

const chosen = () => /** @type {HTMLInputElement | null} */ (box.querySelector("input[name=form]:checked"))?.value;

async function run() {
  say("");
  const known = await navigator.storage?.estimate?.().catch(() => null);
  const size = Number(/** @type {HTMLElement} */ (box.querySelector("input[name=form]:checked"))?.dataset.size ?? 0);
  if (known?.quota && known.quota - (known.usage ?? 0) < size * 1.1) return say(words("stopped_space"));
  show("fetch");
  keeper = new Keeper(item, progress);
  try {
    await keeper.run(chosen());
    show("done");
    part("done").focus();
  } catch (error) {
    const stopped = error instanceof Stopped ? error : new Stopped("network");
    show("ask");
    if (stopped.why !== "cancelled") say(stopped.words || words(`stopped_${stopped.why}`));
    part("begin-text").textContent = words("go_on");
  }
}

async function start() {
  if (!able()) return show("unable");
  // The page without a network has to be there before it is needed.
  navigator.serviceWorker.register("/service-worker.js", { updateViaCache: "none" }).catch(() => {});
  await settleOwner();
  const before = await lecture(item).catch(() => null);
  listen();
  if (before?.state === "ready") show("done");
  else show("ask");
  if (before?.state === "fetching") {
    part("begin-text").textContent = words("go_on");
    const form = /** @type {HTMLInputElement | null} */ (box.querySelector(`input[value=${before.form}]`));
    if (form) form.checked = true;
  }
}

function listen() {
  part("begin").addEventListener("click", run);
  part("stop").addEventListener("click", () => keeper?.stop());
  part("remove").addEventListener("click", async () => {
    await drop(item);
    part("begin-text").textContent = words("begin");
    show("ask");
  });
  addEventListener("online", () => keeper && !part("ask").hidden && !part("problem").hidden && run());
}

start();
