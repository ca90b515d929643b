// What was typed and is not on the server yet: kept on this device, sent in order whenever there is a network, and
// forgotten only on the academy's own acknowledgement (answers.js). Entries belong to the person who typed them.

import { isProblem, ownJson } from "./answers.js";

const NAME = "academy-talk";
const API = "/api/v1/talk/";
const AGAIN_MS = 5000;
const LONGEST_MS = 60_000;

/**
 * @typedef {object} Entry
 * @property {string} owner whose it is
 * @property {"note" | "question"} kind
 * @property {string} key
 * @property {string} item
 * @property {number} start
 * @property {number} version
 * @property {string} words
 * @property {string} body
 * @property {string} [writer]
 * @property {number} [sequence]
 * @property {number} [revision]
 * @property {string} [refused] why the academy does not take it
 */
/** @typedef {"saved" | "offline" | "signed_out" | "refused"} Outcome */

/** @returns {Record<string, Entry>} */
function all() {
  try {
    return JSON.parse(localStorage.getItem(NAME)) ?? {};
  } catch {
    return {};
  }
}

/** @param {Record<string, Entry>} entries */
function put(entries) {
  try {
    if (Object.keys(entries).length) localStorage.setItem(NAME, JSON.stringify(entries));
    else localStorage.removeItem(NAME);
  } catch {
    // Storage is full or forbidden: the page still holds what is being typed.
  }
}

/** @param {Entry} entry */
export function keep(entry) {
  put({ ...all(), [entry.key]: entry });
}

/** @param {string} key */
export function forget(key) {
  const entries = all();
  delete entries[key];
  put(entries);
}

/**
 * What waits of one person, what was refused included.
 * @param {string} owner
 */
export const waiting = (owner) => Object.values(all()).filter((entry) => entry.owner === owner);

function token() {
  return /** @type {HTMLMetaElement} */ (document.querySelector("meta[name=csrf-token]")).content;
}

/**
 * Call the academy; null where the response is not its own (no network, a portal, an error of the server's).
 * @param {string} method
 * @param {string} path
 * @param {unknown} [body]
 */
export async function call(method, path, body) {
  try {
    const answer = await fetch(API + path, {
      method,
      headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": token() },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (answer.status >= 500 || answer.status === 429) return null;
    if (answer.status === 204) return { status: 204, content: {} };
    const content = await ownJson(answer);
    if (!content || (!answer.ok && !isProblem(content))) return null;
    return { status: answer.status, ok: answer.ok, content };
  } catch {
    return null;
  }
}

const sent = (entry) => {
  const { item, start, version, words, body, writer, sequence, revision, key } = entry;
  const place = { item, start, version, words, body };
  return entry.kind === "note" ? { ...place, writer, sequence, revision } : { ...place, key };
};

// A portal may answer with JSON of its own.
const isOurs = (entry, content) =>
  entry.kind === "note" ? content.key === entry.key && Number.isInteger(content.revision) : typeof content.public_id === "string";

/**
 * Send one entry.
 * @param {Entry} entry
 * @returns {Promise<{outcome: Outcome, content?: any}>}
 */
export async function send(entry) {
  const [method, path] = entry.kind === "note" ? ["PUT", `notes/${encodeURIComponent(entry.key)}`] : ["POST", "questions"];
  const answer = await call(method, path, sent(entry));
  if (!answer) return { outcome: "offline" };
  const present = all()[entry.key];
  const isLater = present && present.sequence !== entry.sequence;
  if (answer.ok && !isOurs(entry, answer.content)) return { outcome: "offline" };
  if (answer.ok) {
    if (!isLater) forget(entry.key);
    else keep({ ...present, revision: answer.content.revision });
    return { outcome: "saved", content: answer.content };
  }
  // 400 and 403 are said of the session's token, too: nothing is given up for them.
  if ([400, 401, 403].includes(answer.status)) return { outcome: "signed_out" };
  if (!isLater) keep({ ...entry, refused: answer.content.title });
  return { outcome: "refused", content: answer.content };
}

/**
 * Send everything that waits, and again until nothing does.
 * @param {string} owner
 * @param {(left: Entry[], outcome: Outcome | null) => void} onChange
 */
export function sendAll(owner, onChange) {
  let pause = AGAIN_MS;
  let timer;
  const run = async () => {
    clearTimeout(timer);
    /** @type {Outcome | null} */
    let last = null;
    for (const entry of waiting(owner)) {
      if (entry.refused) continue;
      last = (await send(entry)).outcome;
      if (last === "offline" || last === "signed_out") break;
    }
    onChange(waiting(owner), last);
    if (last !== "offline") return;
    timer = setTimeout(run, pause);
    pause = Math.min(LONGEST_MS, pause * 2);
  };
  addEventListener("online", run);
  run();
}
