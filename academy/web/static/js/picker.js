// The searchable picker: a combobox with a list of covers, as the ARIA Authoring Practices have it. The field keeps the
// focus; up and down move through the list, Enter takes, Escape closes, and closed again it empties the field.
// Without this script the form's own button looks (templates/_picker.html).

import { wordsOf } from "./words.js";

const WAIT_MS = 200;

export class Picker {
  /** @param {HTMLElement} root */
  constructor(root) {
    this.root = root;
    this.say = wordsOf(root);
    this.input = /** @type {HTMLInputElement} */ (root.querySelector(".picker-box input"));
    this.list = /** @type {HTMLElement} */ (root.querySelector("[data-picker-list]"));
    this.chosen = /** @type {HTMLElement | null} */ (root.querySelector("[data-picker-chosen]"));
    this.multiple = "multiple" in root.dataset;
    this.at = -1;
    this.timer = 0;
    this.asked = 0;
    /** @type {string | undefined} */
    this.more = undefined;
    root.classList.add("scripted");
    root.querySelector("[data-picker-found]")?.remove();
    for (const [name, value] of [["role", "combobox"], ["aria-autocomplete", "list"], ["aria-controls", this.list.id], ["aria-expanded", "false"]]) {
      this.input.setAttribute(name, value);
    }
    this.#listen();
  }

  #listen() {
    const { input, list } = this;
    input.addEventListener("input", (event) => (/** @type {InputEvent} */ (event).isComposing ? null : this.later()));
    input.addEventListener("compositionend", () => this.later());
    input.addEventListener("focus", () => this.chosen && this.later(0));
    input.addEventListener("click", () => this.chosen && list.hidden && this.later(0));
    input.addEventListener("keydown", (event) => this.key(event));
    input.addEventListener("blur", () => this.close());
    // Before the field loses the focus, or the list is gone when the finger lifts.
    list.addEventListener("pointerdown", (event) => event.preventDefault());
    list.addEventListener("click", (event) => {
      const option = /** @type {Element} */ (event.target).closest("[role=option]");
      if (option instanceof HTMLElement) this.take(option);
    });
    this.chosen?.addEventListener("change", (event) => this.#changed(/** @type {HTMLInputElement} */ (event.target)));
  }

  /** @returns {HTMLElement[]} */
  options() {
    return /** @type {HTMLElement[]} */ ([...this.list.querySelectorAll("[role=option]")]);
  }

  /** @param {string} text */
  note(text) {
    const note = this.root.querySelector("[data-picker-note]");
    if (note) note.textContent = text;
  }

  /** @param {number} [wait] */
  later(wait = WAIT_MS) {
    clearTimeout(this.timer);
    this.asked += 1;
    const number = this.asked;
    if (!this.chosen && !this.input.value.trim()) return this.close();
    this.timer = window.setTimeout(() => this.ask(number, 1), wait);
  }

  /**
   * @param {number} number of the question: one that was overtaken is not shown
   * @param {number | string} page
   */
  async ask(number, page) {
    const query = new URLSearchParams({ q: this.input.value, page: String(page) });
    let fresh = null;
    try {
      const answer = await fetch(`${this.root.dataset.picker}?${query}`, { headers: { Accept: "text/html" } });
      if (answer.ok && !answer.redirected) fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("ul[data-total]");
    } catch {
      // Said below.
    }
    if (number !== this.asked || document.activeElement !== this.input) return;
    if (!(fresh instanceof HTMLElement)) return this.note(this.say("offline"));
    this.show(fresh, page !== 1);
  }

  /**
   * @param {HTMLElement} fresh
   * @param {boolean} added behind what is there
   */
  show(fresh, added) {
    const rows = [...fresh.querySelectorAll("[role=option]")].map((row) => /** @type {HTMLElement} */ (document.importNode(row, true)));
    this.list.querySelector("[data-more]")?.remove();
    const first = added ? this.options().length : 0;
    if (!added) this.list.replaceChildren();
    this.list.append(...rows);
    this.more = fresh.dataset.next;
    if (this.more) {
      const more = document.createElement("li");
      more.setAttribute("role", "option");
      more.dataset.more = "";
      more.textContent = this.say("more");
      this.list.append(more);
    }
    this.options().forEach((row, place) => { row.id = `${this.list.id}-${place}`; });
    this.#tick();
    const total = Number(fresh.dataset.total);
    this.#open(this.options().length > 0);
    this.mark(added ? first : -1);
    this.note(total ? this.say("total", { n: total }) : this.say("none"));
    this.root.toggleAttribute("data-none", !total);
  }

  /** @param {boolean} on */
  #open(on) {
    this.list.hidden = !on;
    this.input.setAttribute("aria-expanded", String(on));
  }

  close() {
    this.asked += 1;
    clearTimeout(this.timer);
    this.#open(false);
    this.mark(-1);
  }

  // What is chosen is ticked in the list too.
  #tick() {
    const held = new Set([...(this.chosen?.querySelectorAll("input:checked") ?? [])].map((one) => /** @type {HTMLInputElement} */ (one).value));
    for (const row of this.options()) row.setAttribute("aria-selected", String(held.has(row.dataset.value ?? "")));
  }

  /** @param {number} place */
  mark(place) {
    const rows = this.options();
    this.at = place;
    rows.forEach((row, number) => row.classList.toggle("at", number === place));
    const row = rows[place];
    if (!row) return this.input.removeAttribute("aria-activedescendant");
    this.input.setAttribute("aria-activedescendant", row.id);
    row.scrollIntoView({ block: "nearest" });
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (event.isComposing) return;
    const { list } = this;
    const many = this.options().length;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (list.hidden) return this.later(0);
      const step = event.key === "ArrowDown" ? 1 : -1;
      // One position more than options: the field itself is before the first and after the last.
      this.mark(((this.at + 1 + step + many + 1) % (many + 1)) - 1);
    } else if (event.key === "Escape") {
      if (list.hidden && !this.input.value) return;
      event.preventDefault();
      if (list.hidden && this.chosen) this.input.value = "";
      this.close();
    } else if (event.key === "Enter" && (this.chosen || this.at >= 0)) {
      // In a field that only looks, Enter never sends the form.
      event.preventDefault();
      const row = this.options()[this.at];
      if (row && !list.hidden) this.take(row);
    }
  }

  /** @param {HTMLElement} row */
  take(row) {
    if ("more" in row.dataset) {
      this.asked += 1;
      return void this.ask(this.asked, this.more ?? 1);
    }
    const title = row.querySelector(".picker-title")?.textContent ?? "";
    if (!this.chosen) return this.#fill(row, title);
    const value = row.dataset.value ?? "";
    const held = /** @type {HTMLInputElement | undefined} */ ([...this.chosen.querySelectorAll("input")].find((one) => one.value === value));
    if (held) held.checked = this.multiple ? !held.checked : true;
    else this.#add(row, value);
    const on = held ? held.checked : true;
    this.note(this.say(on ? "taken" : "left", { title }));
    this.#tick();
    this.root.dispatchEvent(new Event("input", { bubbles: true }));
    if (!this.multiple) {
      this.input.value = "";
      this.close();
    }
  }

  /** @param {HTMLElement} row @param {string} value */
  #add(row, value) {
    const line = document.createElement("li");
    const label = document.createElement("label");
    const box = document.createElement("input");
    label.className = "choice picker-choice";
    Object.assign(box, { type: this.multiple ? "checkbox" : "radio", name: this.root.dataset.name ?? "", value, checked: true });
    label.append(box, ...[...row.childNodes].map((node) => node.cloneNode(true)));
    line.append(label);
    if (this.multiple) this.chosen?.append(line);
    else this.chosen?.replaceChildren(line);
  }

  // A text field takes the name, and the fields that follow from it.
  #fill(row, title) {
    this.input.value = title;
    const { form } = this.input;
    for (const [name, value] of Object.entries(JSON.parse(row.dataset.fills ?? "{}"))) {
      const field = form?.elements.namedItem(name);
      if (!(field instanceof HTMLInputElement)) continue;
      if (field.type === "checkbox") field.checked = Boolean(value);
      else field.value = value;
    }
    this.note(this.say("taken", { title }));
    this.close();
  }

  /** @param {HTMLInputElement} box */
  #changed(box) {
    const title = box.closest("li")?.querySelector(".picker-title")?.textContent ?? "";
    this.note(this.say(box.checked ? "taken" : "left", { title }));
    this.#tick();
  }
}

for (const root of document.querySelectorAll("[data-picker]")) new Picker(/** @type {HTMLElement} */ (root));
