// Captions rendered by the page: a browser makes them a twentieth of the picture high, too small on a phone,
// and below overlays.

import { preferences } from "./player-preferences.js";

export function captions(root, video) {
  const [toggle, size] = [root.querySelector("[data-captions]"), root.querySelector("[data-size]")];
  const track = video.querySelector("track");
  const place = root.querySelector("[data-said]");
  if (!track || !toggle || !place) return;
  const on = () => toggle.getAttribute("aria-pressed") === "true";
  let begun = false; // their file is fetched with the film, not before
  let foreign = false; // an iPhone's own full-screen player renders captions itself
  const draw = () => {
    const wanted = !on() || !begun ? "disabled" : foreign ? "showing" : "hidden";
    if (track.track.mode !== wanted) track.track.mode = wanted;
    root.toggleAttribute("data-captioned", on());
    const now = video.currentTime;
    const cues = on() && !foreign ? [...(track.track.cues ?? [])].filter((one) => one.startTime <= now && now < one.endTime) : [];
    const text = cues.map((cue) => cue.getCueAsHTML().textContent).join("\n");
    if (place.textContent !== text) place.textContent = text;
    place.dataset.size = size.value;
  };
  const choose = (pressed) => {
    toggle.setAttribute("aria-pressed", String(pressed));
    preferences({ captions: pressed });
    draw();
  };
  toggle.setAttribute("aria-pressed", String(preferences().captions !== false));
  size.value = preferences().size ?? "m";
  toggle.addEventListener("click", () => choose(!on()));
  size.addEventListener("change", () => {
    preferences({ size: size.value });
    draw();
  });
  for (const kind of ["timeupdate", "seeked"]) video.addEventListener(kind, draw);
  video.addEventListener("loadedmetadata", () => {
    begun = true;
    root.toggleAttribute("data-begun", true);
    draw();
  }, { once: true });
  for (const kind of ["load", "cuechange"]) track.addEventListener(kind, draw);
  for (const kind of ["webkitbeginfullscreen", "webkitendfullscreen"]) {
    video.addEventListener(kind, () => {
      foreign = kind === "webkitbeginfullscreen";
      draw();
    });
  }
  // The captions button of such a native player changes the same preference.
  video.textTracks.addEventListener?.("change", () => {
    const shown = track.track.mode !== "disabled";
    if (foreign && shown !== on()) choose(shown);
  });
  draw();
}
