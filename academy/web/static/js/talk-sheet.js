// The sheet for one sentence: take a note, mark it, ask, share from here.

import { NoteSaver, newKey } from "./talk-note.js";
import { call, forget, keep, send, waiting } from "./talk-store.js";

const CLIP_MS = 20 * 60_000;
const MOST_ENDS = 240;

export class Sheet {
  /** @param {import("./talk.js").Talk} talk */
  constructor(talk) {
    this.talk = talk;
    const template = /** @type {HTMLTemplateElement} */ (talk.body.querySelector("template[data-sheet]"));
    this.dialog = /** @type {HTMLDialogElement} */ (document.importNode(template.content, true).firstElementChild);
    this.keys = this.part("keys");
    this.forms = /** @type {HTMLElement} */ (talk.body.querySelector("[data-forms]"));
    this.part("form-place").append(this.forms);
    talk.body.querySelector("[data-standing]")?.remove();
    document.body.append(this.dialog);
    for (const form of this.forms.querySelectorAll("form")) {
      form.noValidate = true;
      form.addEventListener("submit", (event) => this.#submit(event, form));
    }
    for (const key of /** @type {NodeListOf<HTMLElement>} */ (this.keys.querySelectorAll("[data-act]"))) {
      key.addEventListener("click", () => this.#act(key.dataset.act));
    }
    this.part("close").addEventListener("click", () => this.dialog.close());
    this.dialog.addEventListener("click", (event) => event.target === this.dialog && this.dialog.close());
    this.dialog.addEventListener("close", () => this.#closed());
    this.part("copy").addEventListener("click", () => this.#copy());
    this.question = /** @type {HTMLTextAreaElement} */ (this.#form("question").querySelector("textarea"));
    this.question.addEventListener("input", () => this.#keepQuestion());
  }

  /** @param {string} name @returns {HTMLElement} */
  part(name) {
    return this.dialog.querySelector(`[data-${name}]`);
  }

  /** @param {string} name @returns {HTMLFormElement} */
  #form(name) {
    return this.forms.querySelector(`[data-form="${name}"]`);
  }

  /**
   * @param {import("./talk.js").Place} place
   * @param {HTMLElement} from the key that opened it, which gets the focus back
   */
  show(place, from) {
    const { video } = this.talk;
    this.place = place;
    this.from = from;
    this.wasPlaying = Boolean(video && !video.paused);
    video?.pause();
    this.part("title").textContent = place.title;
    const quote = this.part("quote");
    quote.textContent = place.words;
    quote.hidden = !place.words;
    this.#choose(null);
    this.#said("");
    const mark = this.talk.noteAt(place.start);
    this.keys.querySelector('[data-act="mark"]').setAttribute("aria-pressed", String(Boolean(mark)));
    if (!this.dialog.open) this.dialog.showModal();
    this.part("title").focus();
  }

  /** @param {HTMLElement} line a note in the list @param {HTMLElement} from */
  edit(line, from) {
    const words = line.querySelector(".talk-quote")?.textContent ?? "";
    const title = line.querySelector(".talk-where")?.textContent.trim() ?? "";
    this.show({ start: Number(line.dataset.at), words, title }, from);
    this.#choose("note");
    this.#note(line);
  }

  /** @param {string | null} name the form that is shown, null for the keys */
  #choose(name) {
    this.keys.hidden = name !== null;
    this.dialog.toggleAttribute("data-form-open", name !== null);
    for (const form of this.forms.querySelectorAll("form")) form.hidden = form.dataset.form !== name;
    this.part("address").hidden = true;
  }

  /** @param {string} text */
  #said(text) {
    this.part("said").textContent = text;
  }

  /** @param {string} act */
  #act(act) {
    if (act === "mark") return this.#mark();
    if (act === "page") return this.#address(this.#pageAddress());
    this.#choose(act);
    if (act === "note") this.#note(this.talk.noteAt(this.place.start));
    else if (act === "question") this.#ask();
    else this.#ends();
    return undefined;
  }

  /** @returns {import("./talk-store.js").Entry} */
  #entry(kind, key, body = "") {
    const { owner, item, version } = this.talk;
    return { owner, kind, key, item, version, start: this.place.start, words: this.place.words, body };
  }

  /** @param {HTMLElement | null} line the note that is there already */
  #note(line) {
    const field = /** @type {HTMLTextAreaElement} */ (this.#form("note").querySelector("textarea"));
    const key = line?.dataset.note ?? newKey();
    const unsent = waiting(this.talk.owner).find((one) => one.kind === "note" && one.key === key);
    const stored = line?.querySelector("[data-body]")?.textContent ?? "";
    field.value = unsent?.body ?? stored;
    const state = this.#form("note").querySelector("[data-state]");
    this.saver = new NoteSaver(field, { ...this.#entry("note", key, stored), revision: Number(line?.dataset.revision ?? 0) }, (name, text) => {
      state.textContent = text ?? this.talk.say(name);
    });
    field.focus();
  }

  async #mark() {
    const { talk, place } = this;
    const key = this.keys.querySelector('[data-act="mark"]');
    const there = talk.noteAt(place.start);
    if (there?.querySelector("[data-body]")) return this.#said(talk.say("marked")); // a note with words is kept
    if (there) {
      const answer = await call("DELETE", `notes/${encodeURIComponent(there.dataset.note)}`);
      key.setAttribute("aria-pressed", String(!answer));
      this.#said(talk.say(answer ? "unmarked" : "failed"));
    } else {
      const entry = { ...this.#entry("note", `mark-${talk.item.slice(0, 16)}-${talk.version}-${place.start}`), writer: "mark", sequence: 1, revision: 0 };
      keep(entry);
      const { outcome, content } = await send(entry);
      key.setAttribute("aria-pressed", String(outcome !== "refused"));
      this.#said(outcome === "refused" ? content.title : talk.say(outcome === "saved" ? "marked" : outcome === "offline" ? "kept" : "signed_out"));
    }
    return talk.refresh();
  }

  #ask() {
    const { question, talk, place } = this;
    this.asked = waiting(talk.owner).find((one) => one.kind === "question" && one.start === place.start && one.item === talk.item)?.key ?? newKey();
    const draft = waiting(talk.owner).find((one) => one.key === this.asked);
    question.value = draft?.body ?? "";
    question.focus();
  }

  // A draft is not sent by itself: it is a question only when its key was pressed.
  #keepQuestion() {
    if (!this.asked) return;
    const entry = { ...this.#entry("question", this.asked, this.question.value), refused: this.talk.say("draft") };
    if (entry.body.trim()) keep(entry);
    else forget(entry.key);
  }

  /** @param {Event} event @param {HTMLFormElement} form */
  async #submit(event, form) {
    event.preventDefault();
    delete form.dataset.sent;
    if (form.dataset.form === "note") {
      if (await this.saver.save(!this.saver.field.value)) this.dialog.close();
    } else if (form.dataset.form === "question") await this.#sendQuestion();
    else await this.#clip(form);
  }

  async #sendQuestion() {
    const { talk, question } = this;
    if (!question.value.trim()) return question.focus();
    const entry = this.#entry("question", this.asked, question.value);
    keep(entry);
    const { outcome, content } = await send(entry);
    if (outcome === "refused") return this.#said(content.errors?.[0]?.message ?? content.title);
    this.asked = undefined;
    this.#choose("none");
    this.#said(talk.say(outcome === "saved" ? "asked" : outcome === "offline" ? "ask_kept" : "signed_out"));
    this.part("close").focus();
    return talk.refresh();
  }

  // The sentences at which a clip that begins here may end.
  #ends() {
    const form = this.#form("clip");
    const select = /** @type {HTMLSelectElement} */ (this.part("ends"));
    const { start } = this.place;
    const lines = /** @type {HTMLElement[]} */ ([...document.querySelectorAll("[data-lines] a[data-start]")]);
    const places = lines.map((line) => this.talk.at(line)).filter((one) => one.start >= start && one.start < start + CLIP_MS);
    const ends = places.length ? places : Array.from({ length: 10 }, (_none, n) => this.#later((n + 1) * 30_000));
    select.replaceChildren(...ends.slice(0, MOST_ENDS).map((one) => new Option(`${one.title} ${one.words.slice(0, 24)}`, String(one.start))));
    select.selectedIndex = Math.min(2, select.options.length - 1);
    form.querySelector(".actions").before(this.part("ends-field"));
    this.part("ends-field").hidden = false;
    select.focus();
  }

  #later(ms) {
    const { start } = this.place;
    const minutes = Math.floor((start + ms) / 60_000);
    const seconds = String(Math.floor(((start + ms) % 60_000) / 1000)).padStart(2, "0");
    return { start: start + ms, words: "", title: `${minutes}:${seconds}` };
  }

  /** @param {HTMLFormElement} form */
  async #clip(form) {
    const { talk, place } = this;
    const select = /** @type {HTMLSelectElement} */ (form.querySelector("[data-ends]"));
    const last = Number(select.value);
    const answer = await call("POST", "clips", { item: talk.item, version: talk.version, start: place.start, words: place.words, last });
    if (!answer) return this.#said(talk.say("failed"));
    if (!answer.ok) return this.#said(answer.content.errors?.[0]?.message ?? answer.content.title);
    return this.#address(answer.content.address);
  }

  #pageAddress() {
    const address = new URL(location.href);
    address.search = `?page=${this.place.start + 1}`;
    address.hash = "";
    return address.href;
  }

  /** @param {string} address */
  #address(address) {
    const field = /** @type {HTMLInputElement} */ (this.part("address-text"));
    this.#choose("none");
    this.part("address").hidden = false;
    field.value = address;
    /** @type {HTMLAnchorElement} */ (this.part("address-open")).href = address;
    field.focus();
    field.select();
  }

  async #copy() {
    const field = /** @type {HTMLInputElement} */ (this.part("address-text"));
    field.select();
    const done = await Promise.resolve(navigator.clipboard?.writeText(field.value)).then(() => Boolean(navigator.clipboard), () => false);
    this.#said(this.talk.say(done ? "copied" : "copy_by_hand"));
  }

  async #closed() {
    const { saver, talk } = this;
    this.saver = undefined;
    this.asked = undefined;
    (document.contains(this.from) ? this.from : /** @type {HTMLElement} */ (talk.section.querySelector("[data-talk-now]"))).focus();
    if (this.wasPlaying) talk.video?.play().catch(() => {});
    if (saver) {
      await saver.close();
      await talk.refresh();
    }
  }
}
