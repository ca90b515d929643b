// Whether an answer is the academy's own. Between a phone and the server stand proxies, captive portals and
// gateways of a city's app; they answer with any status, most often 200 with a page of HTML. What waits to be
// recorded is let go only on the academy's word.

const JSON_KIND = /^application\/(?:[\w.+-]+\+)?json\b/i;

// The object that an answer of ours carries, or null: a page of HTML, a broken line, another's JSON array.
export async function ownJson(answer) {
  if (!JSON_KIND.test(answer.headers.get("Content-Type") ?? "")) return null;
  const said = await answer.json().catch(() => null);
  return said && typeof said === "object" && !Array.isArray(said) ? said : null;
}

// A refusal in our one envelope of errors (RFC 9457), or null.
export const isProblem = (said) => typeof said?.type === "string" && said.type.startsWith("urn:academy:");

// What the server says of the heartbeat with this sequence number, or null when nobody of ours has spoken:
// 204 (all of it is on disk), or our JSON that names the sequence. 5xx, 429 and 408 ask for patience.
export async function acknowledgement(answer, seq) {
  if (answer.status >= 500 || answer.status === 429 || answer.status === 408) return null;
  if (answer.status === 204) return {};
  const said = await ownJson(answer);
  return said?.seq === seq ? said : null;
}
