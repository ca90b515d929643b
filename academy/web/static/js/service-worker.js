/* Without a network: the page of kept lectures, and nothing else. Everything personal comes from the server or not at all.
   The server writes VERSION, SHELL (the page's address) and FILES (what it needs, by content) before these lines; an
   empty VERSION switches workers off. See docs/decisions/0058-offline.md. */
/* global VERSION, SHELL, FILES */

const PREFIX = "academy-shell-";
const CACHE = `${PREFIX}${VERSION}`;
const HURRY_MS = 4000;
const worker = /** @type {any} */ (self);

// The page as it is for this person's eyes (letters, colours, language); only the one of this release fits the files.
async function keepPage() {
  const answer = await fetch(SHELL, { credentials: "same-origin", redirect: "error", cache: "no-store" });
  if (!answer.ok || answer.headers.get("Academy-Version") !== VERSION) throw new Error("another release");
  await (await caches.open(CACHE)).put(SHELL, answer);
}

async function fill() {
  const cache = await caches.open(CACHE);
  await Promise.all(FILES.map(async (file) => {
    if (await cache.match(file)) return;
    const answer = await fetch(file);
    if (!answer.ok || answer.redirected) throw new Error(file);
    await cache.put(file, answer);
  }));
  await keepPage();
}

async function clear(but) {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith(PREFIX) && name !== but).map((name) => caches.delete(name)));
}

async function begin() {
  await clear(VERSION ? CACHE : "");
  if (!VERSION) await worker.registration.unregister();
  else await worker.registration.navigationPreload?.enable();
}

const kept = () => caches.match(SHELL, { cacheName: CACHE });
const soon = () => new Promise((resolve) => setTimeout(resolve, HURRY_MS));

// Pages come from the network. Where there is none, the page of kept lectures comes instead, whatever was asked for.
async function page(event, isShell) {
  const network = (async () => (await event.preloadResponse) ?? fetch(event.request))();
  try {
    return (isShell ? await Promise.race([network, soon().then(kept)]) : null) ?? (await network);
  } catch (error) {
    const shown = await kept();
    if (shown) return shown;
    throw error;
  }
}

worker.addEventListener("install", (event) => event.waitUntil(VERSION ? fill() : worker.skipWaiting()));
worker.addEventListener("activate", (event) => event.waitUntil(begin()));
worker.addEventListener("message", (event) => {
  if (event.data === "replace") worker.skipWaiting();
  if (event.data === "page" && VERSION) event.waitUntil(keepPage().catch(() => {}));
});
if (VERSION) {
  worker.addEventListener("fetch", (event) => {
    const { request } = event;
    const asked = new URL(request.url);
    if (request.method !== "GET" || asked.origin !== location.origin) return;
    if (request.mode === "navigate") event.respondWith(page(event, asked.pathname === SHELL));
    else if (FILES.includes(asked.pathname + asked.search)) {
      event.respondWith(caches.match(request, { cacheName: CACHE }).then((hit) => hit ?? fetch(request)));
    }
  });
}
