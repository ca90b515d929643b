// Each player of the page: its film, and what stands around it.

import { begin } from "./player-begin.js";
import { estimate } from "./player-cost.js";
import { Source } from "./player-source.js";

for (const root of document.querySelectorAll("[data-player]")) {
  const video = root.querySelector("video");
  new Source(root, video); // its listener of `play` is the first
  begin(root, video);
  estimate(root);
}
