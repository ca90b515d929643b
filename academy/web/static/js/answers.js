// Whether a response is the academy's own. Between a phone and the server there are proxies, captive portals and
// gateways of a city's app; they respond with any status, most often 200 with a page of HTML. Queued records are
// deleted only on the academy's own acknowledgement.

const JSON_KIND = /^application\/(?:[\w.+-]+\+)?json\b/i;

// The JSON object of our own response, or null for anything else: HTML, a broken connection, a foreign JSON array.
export async function ownJson(answer) {
  if (!JSON_KIND.test(answer.headers.get("Content-Type") ?? "")) return null;
  const content = await answer.json().catch(() => null);
  return content && typeof content === "object" && !Array.isArray(content) ? content : null;
}

// An error response in our envelope (RFC 9457), or null.
export const isProblem = (content) => typeof content?.type === "string" && content.type.startsWith("urn:academy:");

// The server's response to the heartbeat with this sequence number, or null when the response is not ours:
// 204 (all of it is on disk), or our JSON with the sequence. 5xx, 429 and 408 mean: retry later.
export async function acknowledgement(answer, seq) {
  if (answer.status >= 500 || answer.status === 429 || answer.status === 408) return null;
  if (answer.status === 204) return {};
  const content = await ownJson(answer);
  return content?.seq === seq ? content : null;
}
