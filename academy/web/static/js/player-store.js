// Storage of played segments until they are acknowledged: IndexedDB, which survives a closed page and a dead battery.
// Where that is full, forbidden or broken, localStorage, and in any case the page's memory.

import { merge, subtract } from "./player-spans.js";

const NAME = "academy-beats";

let opening;
const spare = new Map(); // refused by IndexedDB: id → record

const done = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

function open() {
  opening ??= new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => request.result.createObjectStore("beats", { keyPath: "id", autoIncrement: true });
    request.onerror = () => reject(request.error);
    request.onblocked = () => reject(new Error("blocked"));
    request.onsuccess = () => {
      const db = request.result;
      db.onclose = db.onversionchange = () => {
        opening = undefined;
        db.close();
      };
      resolve(db);
    };
  }).catch((error) => {
    opening = undefined; // the next record retries
    throw error;
  });
  return opening;
}

// `work` gets the object store; resolves when the transaction is on disk. A full disk is often reported only then:
// the request succeeds and the transaction is aborted.
async function transaction(mode, work) {
  const db = await open();
  let tx;
  try {
    tx = db.transaction("beats", mode, { durability: "strict" });
  } catch (error) {
    opening = undefined;
    throw error;
  }
  const ended = new Promise((resolve, reject) => {
    tx.oncomplete = () => resolve();
    tx.onabort = () => reject(tx.error ?? new Error("aborted"));
  });
  const [value] = await Promise.all([work(tx.objectStore("beats")), ended]);
  return value;
}

// ---- fallback ----

function readSpare() {
  try {
    for (const record of JSON.parse(localStorage.getItem(NAME) ?? "[]")) if (!spare.has(record.id)) spare.set(record.id, record);
  } catch {
    // Forbidden or invalid: only this page's memory is left.
  }
  return spare;
}

function writeSpare() {
  try {
    if (spare.size) localStorage.setItem(NAME, JSON.stringify([...spare.values()]));
    else localStorage.removeItem(NAME);
  } catch {
    // Full or forbidden: kept in memory, for this visit.
  }
}

function keepSpare(record) {
  readSpare();
  const id = record.id ?? `spare-${Date.now()}-${Math.random().toString(36).slice(2)}`;
  spare.set(id, { ...record, id });
  writeSpare();
}

// ---- records ----

// Merge all records of one lease into one: the same credit in less space.
export function joined(records) {
  const last = records[records.length - 1];
  return {
    lease: last.lease,
    item: last.item,
    seq: Math.max(...records.map((record) => record.seq)),
    spans: merge(records.flatMap((record) => record.spans)),
    ...(last.unitMs && { unitMs: last.unitMs }),
    position: last.position,
  };
}

function compact() {
  return transaction("readwrite", async (beats) => {
    const records = await done(beats.getAll());
    beats.clear();
    for (const group of byLease(records)) beats.add(joined(group));
  });
}

export function byLease(records) {
  const groups = new Map();
  for (const record of records) groups.set(record.lease, [...(groups.get(record.lease) ?? []), record]);
  return [...groups.values()];
}

export async function keep(record) {
  const add = () => transaction("readwrite", (beats) => done(beats.add(record)));
  try {
    await add();
  } catch {
    try {
      await compact();
      await add();
    } catch {
      keepSpare(record);
    }
  }
}

export async function waiting() {
  const kept = await transaction("readonly", (beats) => done(beats.getAll())).catch(() => []);
  return [...kept, ...readSpare().values()];
}

// Delete acknowledged parts of these records: the spans that were sent, and nothing else.
export async function forget(records, spans) {
  const left = records.map((record) => ({ ...record, spans: subtract(record.spans, spans) }));
  readSpare();
  for (const record of left.filter(({ id }) => typeof id !== "number")) {
    spare.delete(record.id);
    if (record.spans.length) spare.set(record.id, record);
  }
  writeSpare();
  const stored = left.filter(({ id }) => typeof id === "number");
  if (!stored.length) return;
  await transaction("readwrite", (beats) => {
    for (const record of stored) record.spans.length ? beats.put(record) : beats.delete(record.id);
  }).catch(() => {}); // they stay and are sent again: the server counts each once
}
