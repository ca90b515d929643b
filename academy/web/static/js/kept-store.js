// What is kept on this phone: lectures and the pieces of their files, in IndexedDB.

import { remember, remembered, wiped } from "./kept-mark.js";

const NAME = "academy-kept";
const MOST_PIECES = 1e6;

/**
 * @typedef {{ file: string, url: string, size: number, sha256: string, at: number, done?: boolean }} KeptFile
 * @typedef {{
 *   item: string, owner: string, state: "fetching" | "ready" | "gone", lease: string, token: string, expires_at: string,
 *   form: "sound" | "film" | "pages", kind: string, title: string, course: string, course_href: string, lecturer: string,
 *   unit: string, extent: number, threshold_permille: number, spans: [number, number][], position: number, seq: number,
 *   done: boolean, files: KeptFile[], cues: [number, number, string][], chapters: [number, string][], texts: string[],
 *   kept_at: number, explanation?: string,
 * }} Lecture
 */

let opening;

const done = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

function open() {
  opening ??= new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore("lectures", { keyPath: "item" });
      request.result.createObjectStore("pieces"); // [item, file, number] → bytes
    };
    request.onerror = () => reject(request.error);
    request.onsuccess = () => {
      request.result.onversionchange = () => {
        opening = undefined;
        request.result.close();
      };
      resolve(request.result);
    };
  }).catch((error) => {
    opening = undefined;
    throw error;
  });
  return opening;
}

/** @param {string[]} stores @param {"readonly" | "readwrite"} mode @param {(...stores: IDBObjectStore[]) => any} work */
async function transaction(stores, mode, work) {
  const tx = (await open()).transaction(stores, mode);
  const ended = new Promise((resolve, reject) => {
    tx.oncomplete = () => resolve();
    tx.onabort = () => reject(tx.error ?? new Error("aborted"));
  });
  const running = (async () => work(...stores.map((name) => tx.objectStore(name))))();
  const [value] = await Promise.all([running, ended]);
  return value;
}

const all = (item, file) => IDBKeyRange.bound(file ? [item, file, 0] : [item], file ? [item, file, MOST_PIECES] : [item, []]);

/** @returns {Promise<Lecture[]>} */
export const lectures = () => transaction(["lectures"], "readonly", (store) => done(store.getAll()));

/** @param {string} item @returns {Promise<Lecture | undefined>} */
export const lecture = (item) => transaction(["lectures"], "readonly", (store) => done(store.get(item)));

/** Everything was deleted, in this page or another, while something was under way: it is not kept again. */
export class Wiped extends Error {}

/** @param {Lecture} one */
export const save = (one) => transaction(["lectures"], "readwrite", (store) => {
  // Looked at inside: what wipes is either done by now or waits for this one, and clears it.
  if (remembered()?.owner !== one.owner) throw new Wiped();
  return done(store.put(one));
});

/** @param {string} item @param {string} file @param {number} number @param {ArrayBuffer} bytes */
export const addPiece = (item, file, number, bytes) =>
  transaction(["lectures", "pieces"], "readwrite", async (kept, files) => {
    if (!(await done(kept.getKey(item)))) throw new Wiped();
    return done(files.put(bytes, [item, file, number]));
  });

/** The pieces of a file, in order. @param {string} item @param {string} file @returns {Promise<ArrayBuffer[]>} */
export const pieces = (item, file) => transaction(["pieces"], "readonly", (store) => done(store.getAll(all(item, file))));

/** @param {string} item @param {string} [file] */
export const dropPieces = (item, file) => transaction(["pieces"], "readwrite", (store) => done(store.delete(all(item, file))));

/** Delete a lecture with everything of it; `why` stays as a line that says so. @param {string} item @param {string} [why] */
export async function drop(item, why) {
  await transaction(["lectures", "pieces"], "readwrite", async (kept, files) => {
    const gone = why ? await done(kept.get(item)) : undefined;
    files.delete(all(item));
    if (gone) kept.put({ ...gone, state: "gone", explanation: why, token: "", files: [], cues: [], texts: [], chapters: [] });
    else kept.delete(item);
    return null;
  });
}

/** Delete everything that is kept. */
export async function wipe() {
  remember(null); // first: whatever is under way sees it and keeps nothing more
  wiped();
  await transaction(["lectures", "pieces"], "readwrite", (...stores) => {
    for (const store of stores) store.clear();
    return null;
  });
}

/** Bytes of a lecture, and how many of them are here. @param {Lecture} one @returns {[number, number]} */
export function sizes(one) {
  const sum = (files) => files.reduce((total, file) => total + file.size, 0);
  return [sum(one.files), sum(one.files.filter((file) => file.done))];
}

/** Whether this browser can keep lectures: private windows and pages without TLS can not. */
export const able = () => "indexedDB" in window && "serviceWorker" in navigator && Boolean(crypto.subtle);
