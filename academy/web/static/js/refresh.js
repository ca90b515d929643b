// Parts of a page that follow the server: <div data-refresh="3" id="…">. One look for all of them, every few seconds while
// the page is visible and less often while nothing changes; it ends when no part asks for more. A part that has
// data-arrived says it, when it is over, to who cannot see it.

const SLOWEST = 5;
const IDLE = 4;

/** @returns {HTMLElement[]} */
const parts = () => [...document.querySelectorAll("[data-refresh][id]")].map((part) => /** @type {HTMLElement} */ (part));
const FOCUSABLE = "a[href], button, summary, input:not([type=hidden]), textarea, select";

let running = false;
let unchanged = 0;

function live() {
  let note = document.getElementById("refreshed");
  if (!note) {
    note = document.createElement("p");
    note.id = "refreshed";
    note.className = "sr";
    note.setAttribute("role", "status");
    document.body.append(note);
  }
  return note;
}

/**
 * Put a fresh part into the place of a stale one. What is open stays open, what has the focus keeps it; a part in which
 * somebody is typing waits.
 * @param {HTMLElement} stale
 * @param {HTMLElement} fresh
 */
function replace(stale, fresh) {
  const focused = document.activeElement;
  const within = focused instanceof HTMLElement && stale.contains(focused) && focused !== stale;
  if (within && focused.matches("input, textarea, select")) return false;
  const place = within ? [...stale.querySelectorAll(FOCUSABLE)].indexOf(focused) : -1;
  const opened = [...stale.querySelectorAll("details")].map((one) => one.open);
  stale.replaceWith(fresh);
  [...fresh.querySelectorAll("details")].forEach((one, n) => { one.open = opened[n] ?? one.open; });
  const again = [...fresh.querySelectorAll(FOCUSABLE)][place];
  if (again instanceof HTMLElement) again.focus({ preventScroll: true });
  if (stale.dataset.arrived && !fresh.dataset.refresh) live().textContent = stale.dataset.arrived;
  return true;
}

/**
 * Take over the parts of a page that was fetched.
 * @param {Document} page
 * @param {HTMLElement[]} [which]
 */
export function adopt(page, which = parts()) {
  let changed = false;
  for (const stale of which) {
    const fresh = page.getElementById(stale.id);
    // The element is gone: the awaited result is there. No reload while somebody is typing.
    if (!fresh && !document.activeElement?.matches("textarea, input")) return location.reload();
    if (!fresh || fresh.isEqualNode(stale)) continue;
    changed = replace(stale, /** @type {HTMLElement} */ (document.importNode(fresh, true))) || changed;
  }
  unchanged = changed ? 0 : unchanged + 1;
}

async function look() {
  const waiting = parts();
  if (!waiting.length) {
    running = false;
    return;
  }
  if (!document.hidden) {
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      // Redirected: the awaited result is there.
      if (answer.redirected && !waiting.some((part) => page.getElementById(part.id))) return location.assign(answer.url);
      if (answer.ok) adopt(page);
    } catch {
      // No network: retry at the next interval.
      unchanged += 1;
    }
  }
  next();
}

function next() {
  const fastest = Math.min(...parts().map((part) => Number(part.dataset.refresh)));
  if (!Number.isFinite(fastest)) {
    running = false;
    return;
  }
  setTimeout(look, fastest * 1000 * Math.min(SLOWEST, 1 + Math.floor(unchanged / IDLE)));
}

/** Follow the parts that are on the page now; harmless when they are followed already. */
export function follow() {
  unchanged = 0;
  if (running) return;
  running = true;
  next();
}

// Who comes back to the page soon sees what happened meanwhile.
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) unchanged = 0;
});
follow();
