// Comments pinned to a second or a page, beside the player or the reader: they lead there without a reload, the form
// knows where one is, and what is sent leaves the film where it was. Works by links and forms without this script.

import { moveTo } from "./player-seek.js";
import { clock } from "./player-spans.js";

const AHEAD_MS = 6000;

const video = /** @type {HTMLVideoElement | null} */ (document.querySelector("[data-player] video"));
const reader = document.querySelector("[data-reader]");

/** @returns {HTMLElement | null} */
const list = () => document.getElementById("comments");

/** Where one is, as the form's field has it. */
function now() {
  if (video) return clock(video.currentTime * 1000);
  return new URL(location.href).searchParams.get("page") ?? "1";
}

/** @param {number} place milliseconds, or a page */
function go(place) {
  if (video) {
    moveTo(video, place / 1000 + 0.01);
    video.scrollIntoView({ block: "nearest" });
  } else {
    reader?.dispatchEvent(new CustomEvent("turn", { detail: place }));
    reader?.scrollIntoView({ block: "nearest" });
  }
}

// A link of another item, or of a place that is not in this file, is followed.
document.addEventListener("click", (event) => {
  const link = /** @type {Element} */ (event.target).closest("a[data-pin-go]");
  if (!(link instanceof HTMLAnchorElement) || event.ctrlKey || event.metaKey || !(video || reader)) return;
  const [there, here] = [new URL(link.href), new URL(location.href)];
  const shown = document.querySelector("[data-pin-item]")?.getAttribute("data-pin-item");
  if (there.pathname !== here.pathname || (there.searchParams.get("item") ?? shown) !== shown) return;
  event.preventDefault();
  go(Number(link.dataset.pinGo));
});

// Until somebody types a place, the field says where the film is.
let typed = false;
function fillIn(force) {
  const field = /** @type {HTMLInputElement | null} */ (document.querySelector("[data-pin-place]"));
  if (!field || (typed && !force)) return;
  field.value = now();
}

function prepare() {
  const button = /** @type {HTMLElement | null} */ (document.querySelector("[data-pin-now]"));
  if (button) button.hidden = false;
}

document.addEventListener("input", (event) => {
  if (/** @type {Element} */ (event.target).matches("[data-pin-place]")) typed = true;
});
document.addEventListener("click", (event) => {
  if (!(/** @type {Element} */ (event.target).closest("[data-pin-now]"))) return;
  typed = false;
  video?.pause();
  fillIn(true);
  /** @type {HTMLElement | null} */ (document.querySelector("[data-pin-form] textarea"))?.focus();
});
// Who begins to write means what is on the screen now: the film waits.
document.addEventListener("focusin", (event) => {
  if (!(/** @type {Element} */ (event.target).matches("[data-pin-form] textarea"))) return;
  const area = /** @type {HTMLTextAreaElement} */ (event.target);
  if (area.value) return;
  video?.pause();
  fillIn(false);
});

/** @param {HTMLFormElement} form */
async function send(form) {
  const own = form.closest("[data-pin], .pinned")?.id;
  const before = new Set([...document.querySelectorAll(".pinned")].map((row) => row.id));
  const answer = await fetch(form.action, { method: "POST", body: new FormData(form), headers: { Accept: "text/html" } });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.getElementById("comments");
  if (!fresh) return location.reload();
  list()?.replaceWith(document.adoptNode(fresh));
  const marks = page.querySelector("[data-pins]");
  if (marks) document.querySelector("[data-pins]")?.replaceWith(document.importNode(marks, true));
  typed = false;
  prepare();
  follow();
  const changed = [...document.querySelectorAll(".pinned")].find((row) => (own ? row.id === own : !before.has(row.id)));
  const next = answer.ok ? changed : list()?.querySelector("[aria-invalid]");
  if (next instanceof HTMLElement) {
    if (answer.ok) next.tabIndex = -1;
    next.focus({ preventScroll: answer.ok && Boolean(video) });
  }
  const note = document.querySelector("[data-pin-note]");
  if (note) note.textContent = page.querySelector("main > .notice")?.textContent?.trim() ?? "";
}

document.addEventListener("submit", (event) => {
  const form = /** @type {HTMLFormElement} */ (event.target);
  if (event.defaultPrevented || !(video || reader) || !list()?.contains(form)) return;
  event.preventDefault();
  form.dataset.sent = "1";
  send(form).catch(() => form.submit());
});

// The comment on what is shown now is marked.
function follow() {
  const at = video ? video.currentTime * 1000 : 0;
  for (const row of document.querySelectorAll("[data-pin]")) {
    const place = Number(/** @type {HTMLElement} */ (row).dataset.pin);
    const shown = video ? place <= at && at < place + AHEAD_MS && at > 0 : String(place) === now();
    row.classList.toggle("here", shown);
  }
}

video?.addEventListener("timeupdate", follow);
reader?.addEventListener("turned", () => {
  follow();
  fillIn(false);
});
prepare();
