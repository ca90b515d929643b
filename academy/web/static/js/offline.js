// The page of kept lectures, with and without a network: what is here, how much space it takes; one of them, to be played.

import { owner, remembered } from "./kept-mark.js";
import { contact, post, settleOwner } from "./kept-owner.js";
import { Keeper, Stopped } from "./kept-fetch.js";
import { able, drop, lecture, lectures, sizes, wipe } from "./kept-store.js";
import { Queue } from "./player-queue.js";
import { megabytes } from "./kept-words.js";
import { wordsOf } from "./words.js";

const box = document.querySelector("[data-kept]");
const words = wordsOf(box);
/** @param {string} name @param {ParentNode} [within] */
const part = (name, within = box) => within.querySelector(`[data-${name}]`);

/** @type {Map<string, Keeper>} */
const running = new Map();

function standing(one) {
  const [all, here] = sizes(one);
  if (one.state === "gone") return one.explanation ?? "";
  if (one.state === "fetching") return words("part", { done: megabytes(here), all: megabytes(all) });
  return words(one.form, { size: megabytes(all) });
}

/** @param {import("./kept-store.js").Lecture} one */
function line(one) {
  const made = /** @type {HTMLElement} */ (/** @type {HTMLTemplateElement} */ (part("line")).content.firstElementChild.cloneNode(true));
  part("line-title", made).textContent = one.title;
  part("line-course", made).textContent = one.course === one.title ? "" : one.course;
  const state = part("line-state", made);
  state.textContent = standing(one);
  const [open, more, stop, remove] = ["open", "more", "stop", "remove"].map((name) => part(`line-${name}`, made));
  open.hidden = one.state !== "ready";
  open.setAttribute("href", `/offline?play=${one.item}`);
  more.hidden = one.state !== "fetching" || running.has(one.item);
  stop.hidden = !running.has(one.item);
  for (const button of [open, more, stop, remove]) button.setAttribute("aria-describedby", `kept-${one.item}`);
  part("line-title", made).id = `kept-${one.item}`;
  more.addEventListener("click", () => goOn(one, state));
  stop.addEventListener("click", () => running.get(one.item)?.stop());
  remove.addEventListener("click", () => removeLecture(one));
  return made;
}

async function goOn(one, state) {
  const keeper = new Keeper(one.item, (done, all) => {
    const place = document.getElementById(`kept-${one.item}`)?.closest("li")?.querySelector("[data-line-state]") ?? state;
    place.textContent = words("part", { done: megabytes(done), all: megabytes(all) });
  });
  running.set(one.item, keeper);
  await draw();
  try {
    await keeper.run();
  } catch (error) {
    if (error instanceof Stopped && error.why !== "cancelled") say(error.words || words(`stopped_${error.why}`));
  }
  running.delete(one.item);
  await draw();
}

function say(text) {
  const note = part("note");
  note.hidden = !text;
  part("note-text").textContent = text;
}

async function removeLecture(one) {
  running.get(one.item)?.stop();
  await drop(one.item);
  // The server ends the lease when there is a network; else it ends by itself.
  if (owner()) post(`/api/v1/progress/leases/${one.lease}/end`, {}).catch(() => {});
  await draw();
  box.querySelector("h2, [data-empty]")?.focus?.();
}

async function draw() {
  const whose = remembered();
  const found = whose && !whose.locked ? await lectures() : [];
  found.sort((a, b) => b.kept_at - a.kept_at);
  part("locked").hidden = !whose?.locked;
  part("empty").hidden = found.length > 0 || Boolean(whose?.locked);
  part("some").hidden = !found.length;
  part("list").replaceChildren(...found.map(line));
  await space(found);
}

async function space(found) {
  const used = found.reduce((sum, one) => sum + sizes(one)[1], 0);
  const known = await navigator.storage?.estimate?.().catch(() => null);
  const free = known?.quota ? known.quota - (known.usage ?? 0) : null;
  part("space").textContent = free === null ? words("used", { used: megabytes(used) }) : words("space", { used: megabytes(used), free: megabytes(free) });
  part("weak").hidden = !found.length || Boolean(await navigator.storage?.persisted?.().catch(() => true));
}

function connection() {
  part("no-network").hidden = navigator.onLine;
  for (const link of document.querySelectorAll("[data-needs-network]")) link.hidden = !navigator.onLine;
}

async function list() {
  const dialog = /** @type {HTMLDialogElement} */ (part("ask-all"));
  part("all").addEventListener("click", () => dialog.showModal());
  dialog.addEventListener("close", async () => {
    if (dialog.returnValue !== "yes") return;
    for (const keeper of running.values()) keeper.stop();
    const gone = await lectures();
    await wipe();
    for (const one of gone) if (owner()) post(`/api/v1/progress/leases/${one.lease}/end`, {}).catch(() => {});
    await draw();
  });
  box.hidden = false;
  await draw();
  await contact(true).catch(() => {});
  await draw();
}

async function start() {
  if (!able() || owner() === "off") {
    part("unable", document.body).hidden = false;
    return;
  }
  connection();
  for (const kind of ["online", "offline"]) addEventListener(kind, connection);
  if (!box.hasAttribute("data-without")) await settleOwner();
  new Queue({ onAnswer() {}, onChange() {} }).flush();
  const asked = new URLSearchParams(location.search).get("play") ?? /^\/learn\/([a-z0-9]{16})$/.exec(location.pathname)?.[1];
  const one = asked && !remembered()?.locked ? await lecture(asked) : null;
  if (one?.state !== "ready") return list();
  const { open } = await import("./kept-player.js");
  await open(one);
}

start();
