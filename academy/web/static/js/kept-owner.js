// Whose lectures are kept here, and contact with the server: what is withdrawn goes, what may stay is renewed.

import { ownJson } from "./answers.js";
import { Queue, waiting } from "./player-queue.js";
import { deviceKey } from "./player-parts.js";
import { owner, remember, remembered } from "./kept-mark.js";
import { drop, lectures, save, wipe } from "./kept-store.js";
import { merge } from "./player-spans.js";

const HOUR_MS = 3_600_000;
const PATIENCE_MS = 8000;

// A page of somebody else deletes what is kept; a page of nobody hides it; the owner's page shows it again.
export async function settleOwner() {
  const whose = remembered();
  const me = owner();
  if (!whose) return false;
  if (me && me !== whose.owner) {
    await wipe();
    return false;
  }
  if (Boolean(whose.locked) !== !me) remember({ ...whose, locked: !me });
  return Boolean(me);
}

export const post = (address, content) =>
  fetch(address, {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      Accept: "application/json",
      "X-CSRFToken": document.querySelector("meta[name=csrf-token]").getAttribute("content"),
    },
    body: JSON.stringify(content),
  });

/** Send what waits, renew leases, delete what may not stay. At most once an hour, unless `now`. */
export async function contact(now = false) {
  const whose = remembered();
  if (!whose || !owner() || (!now && Date.now() - (whose.contact ?? 0) < HOUR_MS)) return;
  new Queue({ onAnswer() {}, onChange() {} }).flush();
  const here = (await lectures()).filter((one) => one.state !== "gone");
  const answer = await post("/api/v1/offline/contact", { device: deviceKey(), leases: here.map((one) => one.lease) });
  const content = await ownJson(answer);
  if (answer.status !== 200 || !Array.isArray(content?.lectures) || remembered()?.owner !== whose.owner) return;
  for (const said of content.lectures) {
    const one = here.find(({ lease }) => lease === said.lease);
    if (!one) continue;
    if (said.ended) await drop(one.item, said.explanation);
    else await save({ ...one, token: said.token, expires_at: said.expires_at, seq: said.seq, spans: /** @type {any} */ (merge([...one.spans, ...said.spans])) });
  }
  const still = remembered(); // somebody may have signed out meanwhile
  if (still?.owner === whose.owner) remember({ ...still, contact: Date.now() });
}

/** Before somebody signs out: send what waits, if there is a network, and delete what is kept; whether all was sent. */
export async function leave() {
  const queue = new Queue({ onAnswer() {}, onChange() {} });
  await Promise.race([queue.flush(), new Promise((resolve) => setTimeout(resolve, PATIENCE_MS))]);
  clearTimeout(queue.timer);
  await wipe();
  return !(await waiting()).length;
}
