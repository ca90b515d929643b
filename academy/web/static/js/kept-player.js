// A kept lecture in the player or the reader: the same ones as with a network, on files of this phone. What is played goes
// into the queue with the lease that was given when it was kept.

import { blobOf } from "./kept-fetch.js";
import { clock } from "./player-spans.js";
import { waiting } from "./player-queue.js";

const stage = document.querySelector("[data-play]");

const vtt = (cues) => {
  const stamp = (ms) => `${String(Math.floor(ms / 3_600_000)).padStart(2, "0")}:${new Date(ms).toISOString().slice(14, 23)}`;
  const lines = cues.map(([start, end, text]) => `${stamp(start)} --> ${stamp(end)}\n${text.replace(/-->/g, "→").replace(/\n\s*\n/g, "\n")}\n`);
  return URL.createObjectURL(new Blob([`WEBVTT\n\n${lines.join("\n")}`], { type: "text/vtt" }));
};

/** @param {HTMLElement} root @param {import("./kept-store.js").Lecture} one @param {number} unitMs */
function tell(root, one, unitMs) {
  Object.assign(root.dataset, {
    item: one.item,
    token: one.token,
    seq: String(one.seq),
    duration: String(one.extent * unitMs),
    threshold: String(one.threshold_permille),
    held: JSON.stringify({ unit: one.unit, spans: one.spans, refused: [], completed_at: one.done ? "1" : null }),
    position: String(one.position),
    start: "0",
    after: `/learn/${one.item}/after`,
  });
}

function transcript(box, cues) {
  const list = box.querySelector("[data-lines]");
  list.replaceChildren(...cues.map(([start, , text]) => {
    const made = document.createElement("li");
    const link = document.createElement("a");
    const [time, said] = [document.createElement("time"), document.createElement("span")];
    link.href = "#";
    link.dataset.start = String(start);
    time.textContent = clock(start);
    said.dataset.text = "";
    said.textContent = text;
    link.append(time, said);
    made.append(link);
    return made;
  }));
}

// The slide of the moment over the sound.
async function slides(root, video, one) {
  const stills = one.files.filter((file) => file.file.endsWith(".webp")).sort((a, b) => a.at - b.at);
  if (!stills.length) {
    root.querySelector("[data-audio-only]").hidden = false;
    return;
  }
  const image = document.createElement("img");
  image.className = "player-slide";
  image.alt = "";
  video.after(image);
  const addresses = await Promise.all(stills.map(async (file) => URL.createObjectURL(await blobOf(one.item, file))));
  const draw = () => {
    const now = video.currentTime * 1000;
    let place = stills.length - 1;
    while (place > 0 && stills[place].at > now) place -= 1;
    if (image.getAttribute("src") !== addresses[place]) image.src = addresses[place];
  };
  for (const kind of ["timeupdate", "seeking", "seeked", "loadedmetadata"]) video.addEventListener(kind, draw);
  draw();
}

async function film(one) {
  const { content } = /** @type {HTMLTemplateElement} */ (stage.querySelector("[data-player-template]"));
  stage.append(content.cloneNode(true));
  const root = stage.querySelector("[data-player]");
  const video = root.querySelector("video");
  root.dataset.kind = one.form === "sound" && one.kind === "audio" ? "audio" : "video";
  tell(root, one, 1);
  video.setAttribute("aria-label", one.title);
  root.querySelector("[data-seek]").setAttribute("max", String(one.extent));
  root.querySelector("[data-time] span:last-child").textContent = clock(one.extent);
  const [track, box] = [video.querySelector("track"), stage.querySelector("[data-transcript]")];
  if (one.cues.length) {
    track.src = vtt(one.cues);
    transcript(box, one.cues);
  } else {
    for (const gone of [track, box, ...root.querySelectorAll("[data-captions], [data-said], [data-size], [data-words-beside]")]) gone?.remove();
  }
  if (one.form === "sound") await slides(root, video, one);
  const { begin } = await import("./player-begin.js");
  await begin(root, video);
  const main = one.files.find((file) => file.file.endsWith(".mp4"));
  video.src = URL.createObjectURL(await blobOf(one.item, main));
}

async function pages(one) {
  const { content } = /** @type {HTMLTemplateElement} */ (stage.querySelector("[data-reader-template]"));
  stage.append(content.cloneNode(true));
  const root = stage.querySelector("[data-reader]");
  tell(root, one, Number(root.dataset.page));
  root.dataset.threshold = "1000";
  const mine = (await waiting()).filter((record) => record.item === one.item).pop();
  root.dataset.start = String(one.done ? 1 : (mine?.position ?? one.position) + 1);
  const files = one.files.slice().sort((a, b) => a.at - b.at);
  const leaves = await Promise.all(files.map(async (file, place) => {
    const leaf = document.createElement("li");
    const text = one.texts[place] ?? "";
    leaf.classList.toggle("wordless", !text);
    const image = document.createElement("img");
    image.alt = String(place + 1);
    image.decoding = "async";
    image.src = URL.createObjectURL(await blobOf(one.item, file));
    const words = document.createElement("div");
    words.className = "page-words";
    words.lang = "zh";
    words.textContent = text;
    leaf.append(image, words);
    return leaf;
  }));
  root.querySelector("[data-pages]").replaceChildren(...leaves);
  await import("./reader.js");
}

/** @param {import("./kept-store.js").Lecture} one */
export async function open(one) {
  stage.querySelector("[data-play-title]").textContent = one.title;
  stage.querySelector("[data-play-by]").textContent = [one.course === one.title ? "" : one.course, one.lecturer].filter(Boolean).join(" · ");
  stage.hidden = false;
  document.body.classList.add("on-stage");
  if (one.form === "pages") await pages(one);
  else await film(one);
}
