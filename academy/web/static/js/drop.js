// The drop zone of a course: several files, chosen or dropped anywhere on the page, sent one after the other; each becomes
// an item as soon as it has arrived. Without this script there is a small form for each kind of file.

import { adopt, follow } from "./refresh.js";
import { Transfer, duration, size } from "./upload-transfer.js";
import { wordsOf } from "./words.js";

/** @type {Record<string, string>} by the ending of a name, for what the browser does not know */
const ENDINGS = {
  mp4: "video", mov: "video", mkv: "video", avi: "video", flv: "video", wmv: "video", ts: "video", m4v: "video", webm: "video", mpg: "video", mpeg: "video",
  mp3: "audio", m4a: "audio", wav: "audio", aac: "audio", ogg: "audio", flac: "audio", wma: "audio",
  pdf: "document", pptx: "document", docx: "document", jpg: "document", jpeg: "document", png: "document", webp: "document",
};

/**
 * What a file becomes: video, audio or document; null where it cannot be used.
 * @param {string} name
 * @param {string} [type]
 */
export function purposeOf(name, type = "") {
  const kind = type.split("/")[0];
  return ENDINGS[name.toLowerCase().split(".").pop() ?? ""] ?? (kind === "video" || kind === "audio" ? kind : null);
}

/**
 * How many of the dragged things are files.
 * @param {DataTransfer | null} carried
 */
export function filesIn(carried) {
  if (!carried || ![...carried.types].includes("Files")) return 0;
  return Math.max(1, [...carried.items].filter((one) => one.kind === "file").length);
}

// One file of the list, from its place in the queue to the course.
class Line {
  /**
   * @param {DropZone} zone
   * @param {File} file
   * @param {string | null} purpose
   */
  constructor(zone, file, purpose) {
    this.zone = zone;
    this.file = file;
    this.state = "waiting";
    this.row = /** @type {HTMLElement} */ (zone.template.content.firstElementChild?.cloneNode(true));
    this.part("name").textContent = file.name;
    this.transfer = purpose && new Transfer(zone.root.dataset.endpoint ?? "", purpose, file, {
      progress: (sent, total, perSecond) => this.#progress(sent, total, perSecond),
      resumed: () => this.say("resumed"),
      waiting: () => this.say("waiting"),
      done: (id) => this.hand("upload", id),
      failed: (sentence) => this.wrong(sentence === null ? zone.say("waiting") : sentence || zone.say("failed"), sentence !== ""),
    });
    this.#buttons();
    if (!purpose) this.wrong(zone.say("unusable"), false);
    else if (!file.size) this.wrong(zone.say("empty"), false);
    else this.say("queued");
  }

  /** @param {string} name */
  part(name) {
    return /** @type {HTMLElement} */ (this.row.querySelector(`[data-drop-${name}]`));
  }

  /** @param {string} key */
  say(key) {
    this.part("state").textContent = this.zone.say(key);
  }

  #buttons() {
    this.part("pause").addEventListener("click", () => (this.transfer?.busy ? this.#pause() : this.#go()));
    this.part("remove").addEventListener("click", () => {
      this.transfer?.stop();
      const next = this.row.nextElementSibling?.querySelector("button:not([hidden])");
      this.row.remove();
      (next instanceof HTMLElement ? next : this.zone.input).focus();
      this.state = "removed";
      this.zone.next();
    });
  }

  async start() {
    const { transfer } = this;
    if (!transfer) return;
    this.state = "busy";
    const known = await transfer.known();
    if (known) return this.#ask(known);
    await this.#begin();
  }

  async #begin() {
    this.part("progress").hidden = false;
    this.part("pause").hidden = false;
    await this.transfer?.begin();
  }

  // Meanwhile the next file is sent.
  #ask(known) {
    this.state = "asking";
    this.part("state").textContent = this.zone.say("known", { day: known.day, name: known.filename });
    const [use, anyway] = [this.part("use"), this.part("anyway")];
    use.hidden = anyway.hidden = false;
    use.addEventListener("click", () => {
      use.hidden = anyway.hidden = true;
      this.hand("asset", known.id);
    });
    anyway.addEventListener("click", () => {
      use.hidden = anyway.hidden = true;
      this.state = "waiting";
      this.sure = true;
      this.say("queued");
      this.zone.next();
    });
    this.zone.note(this.zone.say("asks", { name: this.file.name }));
    this.zone.next();
  }

  async resume() {
    this.state = "busy";
    await this.#begin();
  }

  #pause() {
    this.transfer?.stop();
    this.say("paused");
    this.part("pause").textContent = this.zone.say("resume");
  }

  #go() {
    this.part("error").hidden = true;
    this.part("pause").textContent = this.zone.say("pause");
    this.state = "busy";
    this.transfer?.go();
  }

  #progress(sent, total, perSecond) {
    const { say } = this.zone;
    /** @type {HTMLProgressElement} */ (this.part("bar")).value = total ? Math.floor((sent / total) * 1000) : 0;
    this.part("share").textContent = `${Math.floor((sent / total) * 100)}%`;
    const texts = [say("of", { done: size(sent), all: size(total) })];
    if (perSecond > 0) texts.push(say("left", { time: duration(say, (total - sent) / perSecond) }));
    this.part("state").textContent = texts.join(say("comma"));
  }

  /**
   * Let the course have what arrived, and show the page's parts as they are then.
   * @param {"asset" | "upload"} what
   * @param {string} id
   */
  async hand(what, id) {
    this.part("pause").hidden = true;
    this.say("adding");
    const body = new FormData();
    body.set("csrf_token", document.querySelector("meta[name=csrf-token]")?.getAttribute("content") ?? "");
    body.set(what, id);
    try {
      const answer = await fetch(this.zone.root.dataset.action ?? "", { method: "POST", body, headers: { Accept: "text/html" } });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (!answer.ok) return this.wrong(page.querySelector(".notice.bad li, .notice.bad p")?.textContent ?? this.zone.say("failed"), false);
      this.state = "done";
      this.row.remove();
      this.zone.note(this.zone.say("added", { name: this.file.name }));
      adopt(page, this.zone.followed());
      follow();
    } catch {
      this.wrong(this.zone.say("failed"), false);
      this.part("again").hidden = false;
      this.part("again").onclick = () => this.hand(what, id);
      return;
    }
    this.zone.next();
  }

  /**
   * @param {string} sentence
   * @param {boolean} resumable
   */
  wrong(sentence, resumable) {
    this.state = "failed";
    this.part("state").textContent = "";
    this.part("error").textContent = sentence;
    this.part("error").hidden = false;
    this.part("pause").textContent = this.zone.say("resume");
    this.part("pause").hidden = !(resumable && this.transfer?.upload);
    this.zone.next();
  }
}

export class DropZone {
  /** @param {HTMLElement} root */
  constructor(root) {
    this.root = root;
    this.say = wordsOf(root);
    this.input = /** @type {HTMLInputElement} */ (root.querySelector("input[type=file]"));
    this.template = /** @type {HTMLTemplateElement} */ (root.querySelector("template"));
    this.list = /** @type {HTMLElement} */ (root.querySelector("[data-drop-list]"));
    this.veil = /** @type {HTMLElement} */ (document.querySelector("[data-drop-veil]"));
    /** @type {Line[]} */
    this.lines = [];
    this.depth = 0;
    root.hidden = false;
    for (const plain of document.querySelectorAll("[data-drop-plain]")) /** @type {HTMLElement} */ (plain).hidden = true;
    this.input.addEventListener("change", () => {
      this.take([...(this.input.files ?? [])]);
      this.input.value = "";
    });
    this.#dragging();
    addEventListener("online", () => this.lines.filter((line) => line.state === "failed" && line.transfer?.upload).forEach((line) => line.resume()));
    addEventListener("beforeunload", (event) => this.lines.some((line) => ["busy", "waiting"].includes(line.state)) && event.preventDefault());
  }

  /** @param {string} sentence for who cannot see the list */
  note(sentence) {
    const note = this.root.querySelector("[data-drop-note]");
    if (note) note.textContent = sentence;
  }

  /** @returns {HTMLElement[]} */
  followed() {
    return [...document.querySelectorAll("[data-follow]")].map((part) => /** @type {HTMLElement} */ (part));
  }

  /** @param {File[]} files */
  take(files) {
    if (!files.length) return;
    const made = files.map((file) => new Line(this, file, purposeOf(file.name, file.type)));
    this.lines.push(...made);
    this.list.append(...made.map((line) => line.row));
    this.note(this.say("taken", { n: files.length }));
    this.next();
  }

  // One after the other: a weak line carries one file to its end before it begins the next.
  next() {
    if (this.lines.some((line) => line.state === "busy")) return;
    const line = this.lines.find((one) => one.state === "waiting" && one.transfer);
    if (line) (line.sure ? line.resume() : line.start()).catch(() => line.wrong(this.say("failed"), true));
  }

  #dragging() {
    const { veil } = this;
    const show = (n) => {
      veil.hidden = !n;
      if (n) /** @type {HTMLElement} */ (veil.querySelector("[data-drop-says]")).textContent = this.say("drop", { n });
    };
    addEventListener("dragenter", (event) => {
      const n = filesIn(event.dataTransfer);
      if (!n) return;
      this.depth += 1;
      show(n);
    });
    addEventListener("dragover", (event) => {
      if (filesIn(event.dataTransfer)) event.preventDefault();
    });
    addEventListener("dragleave", (event) => {
      if (!filesIn(event.dataTransfer)) return;
      this.depth = Math.max(0, this.depth - 1);
      if (!this.depth) show(0);
    });
    addEventListener("drop", (event) => {
      if (!filesIn(event.dataTransfer)) return;
      event.preventDefault();
      this.depth = 0;
      show(0);
      this.take([...(event.dataTransfer?.files ?? [])]);
      this.root.scrollIntoView({ block: "nearest" });
    });
  }
}

for (const root of document.querySelectorAll("[data-drop]")) new DropZone(/** @type {HTMLElement} */ (root));
