// On the page of one's own notes: what is still on this device is sent, and what was refused can be read and copied.

import { sendAll } from "./talk-store.js";
import { wordsOf } from "./words.js";

const place = /** @type {HTMLElement | null} */ (document.querySelector("[data-unsent]"));

if (place) {
  const say = wordsOf(place);
  let had = 0;
  sendAll(place.dataset.owner, (left, outcome) => {
    if (had > left.length && outcome === "saved") location.reload();
    had = left.length;
    const lines = left.map((entry) => {
      const line = document.createElement("p");
      line.className = "notice warn";
      line.textContent = `${entry.refused ?? say("kept")} ${entry.body}`;
      return line;
    });
    place.replaceChildren(...lines);
  });
}
