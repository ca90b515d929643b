// The service worker in a world of its own: a network that fails, caches, and releases that come and go.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import vm from "node:vm";

import { SCRIPTS } from "./page.js";

const CODE = readFileSync(new URL("service-worker.js", SCRIPTS), "utf8");
const HOME = "https://academy.test";

/** One release's worker; `network(path)` answers or throws. */
function worker(version, network, caches = new Map()) {
  const listeners = {};
  const done = [];
  const cacheOf = (name) => {
    if (!caches.has(name)) caches.set(name, new Map());
    const kept = caches.get(name);
    const key = (asked) => (typeof asked === "string" ? asked : asked.url.slice(HOME.length));
    return { put: async (asked, value) => kept.set(key(asked), value), match: async (asked) => kept.get(key(asked))?.clone() };
  };
  const world = {
    URL, Promise, Error, Response, setTimeout: setImmediate,
    location: new URL(HOME),
    fetch: async (asked) => network(typeof asked === "string" ? asked : asked.url.slice(HOME.length)),
    caches: {
      open: async (name) => cacheOf(name),
      keys: async () => [...caches.keys()],
      delete: async (name) => caches.delete(name),
      match: async (asked, { cacheName }) => (caches.has(cacheName) ? cacheOf(cacheName).match(asked) : undefined),
    },
    self: {
      addEventListener: (kind, listener) => { listeners[kind] = listener; },
      skipWaiting: () => done.push("skip"),
      registration: { unregister: () => done.push("unregister"), navigationPreload: { enable: () => done.push("preload") } },
    },
  };
  const head = `const VERSION = ${JSON.stringify(version)}; const SHELL = "/offline"; const FILES = ["/static/a.js", "/static/b.css?v=1"];\n`;
  vm.runInNewContext(head + CODE, world);
  const event = async (kind, extra = {}) => {
    const waits = [];
    let response;
    listeners[kind]?.({ waitUntil: (promise) => waits.push(promise), respondWith: (promise) => { response = promise; }, ...extra });
    await Promise.all(waits);
    return response;
  };
  const asks = (path, mode = "navigate", method = "GET", extra = {}) => event("fetch", { request: { url: `${path.startsWith("http") ? "" : HOME}${path}`, mode, method }, ...extra });
  return { event, asks, done, caches, handles: () => Object.keys(listeners) };
}

const release = (version) => (path) => new Response(`${version} ${path}`, { headers: path === "/offline" ? { "Academy-Version": version } : {} });
const none = () => { throw new TypeError("Failed to fetch"); };
const text = async (response) => (await response)?.text();

test("without a network every page is the page of kept lectures, with its files", async () => {
  let network = release("one");
  const one = worker("one", (path) => network(path));
  await one.event("install");
  await one.event("activate");
  assert.deepEqual(one.done, ["preload"]);
  assert.equal(await text(one.asks("/library")), "one /library");
  network = none;
  for (const path of ["/", "/library?q=1", "/learn/aaaaaaaaaaaaaaaa", "/offline?play=x"]) assert.equal(await text(one.asks(path)), "one /offline");
  assert.equal(await text(one.asks("/static/b.css?v=1", "no-cors")), "one /static/b.css?v=1");
});

test("it touches nothing else", async () => {
  const one = worker("one", release("one"));
  await one.event("install");
  for (const asked of [["/api/v1/x", "cors"], ["/m/film.mp4", "no-cors"], ["/sign-in", "navigate", "POST"], ["https://other.test/", "navigate"], ["/static/c.js", "no-cors"]]) {
    assert.equal(await one.asks(...asked), undefined, asked.join(" "));
  }
});

test("a network that hangs does not keep the kept lectures away; other pages wait for it", async () => {
  let network = release("one");
  const one = worker("one", (path) => network(path));
  await one.event("install");
  network = () => new Promise(() => {});
  assert.equal(await text(one.asks("/offline")), "one /offline");
});

for (const [name, reply] of [
  ["a portal's page", () => new Response("<html>", { status: 200 })],
  ["another release", release("two")],
  ["an error", (path) => (path === "/offline" ? new Response("", { status: 503 }) : release("one")(path))],
]) {
  test(`${name} is not installed as this release`, async () => {
    const one = worker("one", reply);
    await assert.rejects(one.event("install"));
  });
}

test("a newer release waits, and then leaves nothing of the older", async () => {
  const caches = new Map([["of-somebody-else", new Map()]]);
  const one = worker("one", release("one"), caches);
  await one.event("install");
  const two = worker("two", release("two"), caches);
  await two.event("install");
  assert.deepEqual(two.done, [], "it does not push itself in");
  assert.equal(await text(one.asks("/static/a.js", "no-cors")), "one /static/a.js", "old pages go on");
  await two.event("message", { data: "replace" });
  assert.deepEqual(two.done, ["skip"]);
  await two.event("activate");
  assert.deepEqual([...caches.keys()], ["of-somebody-else", "academy-shell-two"]);
});

test("the page is kept anew as it looks now, and a failure leaves the old one", async () => {
  let network = release("one");
  const one = worker("one", (path) => network(path));
  await one.event("install");
  network = () => new Response("large letters", { headers: { "Academy-Version": "one" } });
  await one.event("message", { data: "page" });
  network = none;
  await one.event("message", { data: "page" });
  assert.equal(await text(one.asks("/")), "large letters");
});

test("switched off by the server it deletes its caches and itself", async () => {
  const caches = new Map([["academy-shell-one", new Map()], ["of-somebody-else", new Map()]]);
  const off = worker("", none, caches);
  await off.event("install");
  await off.event("activate");
  assert.deepEqual(off.done, ["skip", "unregister"]);
  assert.deepEqual([...caches.keys()], ["of-somebody-else"]);
  assert.ok(!off.handles().includes("fetch"));
});
