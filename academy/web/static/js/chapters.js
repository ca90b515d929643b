// Adds a chapter line at the current playback second, and focuses its title.

import { clock } from "./player-spans.js";

const add = document.querySelector("[data-add-chapter]");
const text = /** @type {HTMLTextAreaElement} */ (document.querySelector("textarea[name=chapters]"));
const video = /** @type {HTMLVideoElement} */ (document.querySelector("[data-player] video"));

if (add && text && video) {
  add.hidden = false;
  add.addEventListener("click", () => {
    const at = clock(video.currentTime * 1000);
    const seconds = (line) => line.trim().split(/\s/)[0].split(":").reduce((sum, part) => sum * 60 + Number(part), 0);
    const lines = text.value.split("\n").filter((line) => line.trim());
    const place = lines.filter((line) => seconds(line) <= video.currentTime).length;
    lines.splice(place, 0, `${at} `);
    text.value = lines.join("\n");
    const end = lines.slice(0, place + 1).join("\n").length;
    text.focus();
    text.setSelectionRange(end, end);
  });
}
