/* Progressive enhancement of every page; all of it works without this script. */

// Menus close on a click outside, and on Escape.
/** @returns {NodeListOf<HTMLDetailsElement>} */
const menus = () => document.querySelectorAll("details.menu[open]");
/** @type {(event: Event, selector: string) => HTMLElement | null} */
const around = (event, selector) => /** @type {Element} */ (event.target).closest(selector);

document.addEventListener("click", (event) => {
  for (const menu of menus()) if (!menu.contains(/** @type {Node} */ (event.target))) menu.open = false;
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  if (location.hash === "#office-sections") location.replace("#main");
  for (const menu of menus()) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

// Parts that follow the server; most pages have none.
if (document.querySelector("[data-refresh][id]")) import("./refresh.js").catch(() => {});

// Suggestions are fetched when somebody is about to type.
const suggest = (event) => {
  if (!around(event, 'form[role="search"] input[name="q"]')) return;
  document.removeEventListener("focusin", suggest);
  import("./search.js").catch(() => document.addEventListener("focusin", suggest)); // no network: asked again
};
if ("suggest" in document.body.dataset) {
  document.addEventListener("focusin", suggest);
  suggest({ target: document.activeElement }); // the field that a page begins with
}

// <button type="button" data-print>
document.addEventListener("click", (event) => {
  if (around(event, "[data-print]")) print();
});

// As an app of this phone (shell.js): on a second visit, once the page is there and at rest; at once where something is kept.
const [OWNER, VISITED, REST_MS] = ["academy-kept-owner", "academy-visited", 3000];
function kept(name, value = "") {
  try {
    if (value) localStorage.setItem(name, value);
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}
if ("serviceWorker" in navigator && (kept(OWNER) || kept(VISITED))) {
  addEventListener("load", () => setTimeout(() => import("./shell.js"), kept(OWNER) ? 0 : REST_MS));
}
kept(VISITED, "1");
addEventListener("beforeinstallprompt", (event) => {
  event.preventDefault(); // offered by the page, in its words
  /** @type {any} */ (window).academyInstall = event;
  dispatchEvent(new Event("academy-install"));
});

// The error summary of a form gets the focus.
document.querySelector("[data-focus]")?.focus();

// A second tap does not submit twice; after the back button the form may be submitted again.
document.addEventListener("submit", (event) => {
  const form = /** @type {HTMLFormElement} */ (event.target);
  if (form.method !== "post" || event.defaultPrevented) return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "1";
  const shared = /** @type {HTMLInputElement | null} */ (form.querySelector("input[name=shared]"));
  if (!form.action.endsWith("/sign-out") || !(kept(OWNER) || shared)) return;
  // Lectures kept on this phone go first, and what was watched is sent; what could not be is not deleted with the rest.
  event.preventDefault();
  const left = import("./kept-owner.js").then((owner) => owner.leave()).catch(() => false);
  left.then((sent) => {
    if (shared && !sent) shared.value = "0";
    form.submit();
  });
});
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});

// On a slow connection a loading line appears at once, and a message after a second.
const FILES = /\.\w{2,4}$|\/(file|copy|export)$/; // a download leaves the page where it is
const LONGEST = 30_000;
let patience = 0;
function waiting(on) {
  clearTimeout(patience);
  document.documentElement.classList.toggle("waiting", on);
  if (on) patience = setTimeout(() => waiting(false), LONGEST);
}
document.addEventListener("click", (event) => {
  const a = /** @type {HTMLAnchorElement | null} */ (around(event, "a[href]"));
  if (!a || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const there = new URL(a.href);
  const here = there.pathname === location.pathname && there.search === location.search;
  if (a.target || a.download || there.origin !== location.origin || here || FILES.test(there.pathname)) return;
  unlessPrevented(event);
});
document.addEventListener("submit", (event) => {
  // Confirmations are opened inside the page.
  const form = /** @type {HTMLFormElement} */ (event.target);
  if (!form.target && form.method !== "dialog") unlessPrevented(event);
});
// Other scripts may call preventDefault.
function unlessPrevented(event) {
  setTimeout(() => event.defaultPrevented || waiting(true));
}
addEventListener("pageshow", () => waiting(false));

// Scroll the current entry of a horizontal navigation into view.
for (const here of document.querySelectorAll(".tabs [aria-current]")) {
  const row = here.parentElement;
  row.scrollLeft = here.offsetLeft - (row.clientWidth - here.offsetWidth) / 2;
}
