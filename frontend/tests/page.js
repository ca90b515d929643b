// A page for the modules under test: jsdom's window as the globals that they use in a browser.

import { JSDOM } from "jsdom";

const NAMES = [
  "window", "document", "location", "localStorage", "sessionStorage", "Event", "CustomEvent", "KeyboardEvent", "EventTarget", "Node",
  "Element", "HTMLElement", "MutationObserver", "HTMLInputElement", "HTMLTextAreaElement", "HTMLTemplateElement", "HTMLMetaElement", "FormData",
];

export const SCRIPTS = new URL("../../academy/web/static/js/", import.meta.url);

// What a page does again and again ends with the tests.
const { setInterval: every } = globalThis;
globalThis.setInterval = (...given) => every(...given).unref();

/** Imports one of the academy's modules. */
export const load = (name) => import(new URL(name, SCRIPTS).href);

/** Makes a page the global one, and returns its document. */
export function page(html, { url = "https://academy.test/", language = "zh-CN" } = {}) {
  const dom = new JSDOM(`<!doctype html><html lang="${language}"><meta name="csrf-token" content="token">${html}`, { url });
  for (const name of NAMES) Object.defineProperty(globalThis, name, { value: dom.window[name], configurable: true, writable: true });
  for (const name of ["addEventListener", "removeEventListener", "dispatchEvent"]) {
    globalThis[name] = dom.window[name].bind(dom.window);
  }
  globalThis.window.HTMLElement.prototype.scrollIntoView = () => {};
  return dom.window.document;
}

/** An answer as fetch gives it. */
export const answer = (status, body, type = "application/json") =>
  new Response(body === null ? null : typeof body === "string" ? body : JSON.stringify(body), { status, headers: type ? { "Content-Type": type } : {} });

/** Fetches of the modules under test, each answered by `reply(url, options)`; returns the list of what was asked. */
export function answering(reply) {
  const asked = [];
  globalThis.fetch = async (url, options = {}) => {
    asked.push({ url: String(url), options, body: options.body ? JSON.parse(options.body) : null });
    return reply(String(url), options, asked.length);
  };
  return asked;
}

/** Lets everything run that only waits for promises, and timers that are due. */
export const settled = (ms = 0) => new Promise((resolve) => setTimeout(resolve, ms));

/** Waits until an assertion holds: a database or an answer may take its time on a busy machine. */
export async function eventually(assertion) {
  for (let tries = 0; ; tries++) {
    try {
      return assertion();
    } catch (error) {
      if (tries > 400) throw error;
      await settled(10);
    }
  }
}

/** Numbers that look random and are the same in every run. */
export function draws(seed) {
  let state = seed;
  return (below) => {
    state = (state * 1664525 + 1013904223) % 4294967296;
    return Math.floor((state / 4294967296) * below);
  };
}
