// The academy as an app of this phone: its worker, new versions, whose lectures are kept here, the offer to install.
// Loaded by base.js when a page has long been there.

import { owner, remembered } from "./kept-mark.js";

const LOOK = "academy-look";
const OFFERED = "academy-install";
const WEB_VIEW = /MicroMessenger|; wv\)|DingTalk|AliApp|QQ\/|FB_IAB|Line\//;

// The page that is shown without a network looks as this one does.
const look = () => {
  const { lang, dataset } = document.documentElement;
  return [lang, dataset.theme, dataset.elder, dataset.text, owner()].join(" ");
};

function refreshPage(worker) {
  try {
    if (localStorage.getItem(LOOK) === look()) return;
    localStorage.setItem(LOOK, look());
    worker.postMessage("page");
  } catch {
    // Forbidden: it keeps the look that it had.
  }
}

const isPlaying = () => [...document.querySelectorAll("video")].some((video) => !video.paused);

// "A new version" with one key, when nothing plays. Old pages go on until somebody presses it.
function offer(worker) {
  const bar = document.querySelector("[data-update]");
  if (!bar || !navigator.serviceWorker.controller) return;
  const show = () => { bar.hidden = isPlaying(); };
  show();
  for (const kind of ["play", "pause", "ended"]) document.addEventListener(kind, show, true);
  bar.querySelector("button").addEventListener("click", () => {
    navigator.serviceWorker.addEventListener("controllerchange", () => location.reload(), { once: true });
    worker.postMessage("replace");
  }, { once: true });
}

async function register() {
  const registration = await navigator.serviceWorker.register("/service-worker.js", { updateViaCache: "none" });
  if (registration.waiting) offer(registration.waiting);
  const installing = () => {
    const worker = registration.installing;
    worker?.addEventListener("statechange", () => worker.state === "installed" && offer(worker));
  };
  installing();
  registration.addEventListener("updatefound", installing);
  if (registration.active) refreshPage(registration.active);
}

// Once, quietly, and never inside another app.
function install() {
  const card = document.querySelector("[data-install]");
  const standing = matchMedia("(display-mode: standalone)").matches || /** @type {any} */ (navigator).standalone;
  if (!card || standing || WEB_VIEW.test(navigator.userAgent)) return;
  const answered = () => {
    card.hidden = true;
    localStorage.setItem(OFFERED, "1");
  };
  if (localStorage.getItem(OFFERED)) return;
  card.querySelector("[data-install-no]").addEventListener("click", answered);
  const ask = (event) => {
    card.hidden = false;
    card.querySelector("[data-install-yes]").addEventListener("click", () => {
      answered();
      event.prompt();
    }, { once: true });
  };
  const known = /** @type {any} */ (window).academyInstall;
  if (known) ask(known);
  else addEventListener("academy-install", () => ask(/** @type {any} */ (window).academyInstall), { once: true });
  // Apple's browser offers nothing by itself: the words say where to press.
  if (/iPhone|iPad/.test(navigator.userAgent) && /Version\/.*Safari/.test(navigator.userAgent)) {
    card.hidden = false;
    card.dataset.apple = "";
  }
}

export async function start() {
  if (owner() === "off") {
    const found = await navigator.serviceWorker.getRegistrations();
    await Promise.all(found.map((one) => one.unregister()));
    return;
  }
  // Most phones keep nothing: they are spared the modules that look after what is kept.
  const keeper = remembered() && (await import("./kept-owner.js"));
  const mine = await keeper?.settleOwner();
  await register();
  install();
  if (mine && remembered()) await keeper.contact();
}

start().catch(() => {}); // without a worker everything works as ever, with a network
