// Suggestions below a search field: arrow keys, Enter and Escape, or a tap.
// A list of our own, because in-app web views show a <datalist> late or never.
// Without this script it is a plain search field.
const WAIT_MS = 150;

class Names {
  constructor(input, number) {
    this.input = input;
    this.list = document.createElement("ul");
    this.list.id = `names-${number}`;
    this.list.className = "names";
    this.list.role = "listbox";
    this.list.hidden = true;
    this.list.setAttribute("aria-label", input.labels?.[0]?.textContent.trim() || input.placeholder);
    input.after(this.list);
    input.role = "combobox";
    input.setAttribute("aria-autocomplete", "list");
    input.setAttribute("aria-controls", this.list.id);
    this.at = -1;
    this.timer = 0;
    this.asked = 0;
    this.close();
    // Typed while this was on its way.
    if (document.activeElement === input && input.value !== input.defaultValue) this.later();
    input.addEventListener("input", (event) => event.isComposing || this.later());
    input.addEventListener("compositionend", () => this.later());
    input.addEventListener("keydown", (event) => this.key(event));
    input.addEventListener("blur", () => this.close());
    // Before the field loses the focus, or the list is gone when the finger lifts.
    this.list.addEventListener("pointerdown", (event) => event.preventDefault());
    this.list.addEventListener("click", (event) => {
      const option = /** @type {Element} */ (event.target).closest('[role="option"]');
      if (option) this.take(option.textContent);
    });
  }

  later() {
    clearTimeout(this.timer);
    this.asked += 1;
    if (!this.input.value.trim()) return this.close();
    this.timer = setTimeout(() => this.ask(this.asked), WAIT_MS);
  }

  async ask(number) {
    const answer = await fetch(`/search/suggest?q=${encodeURIComponent(this.input.value)}`).catch(() => null);
    if (!answer?.ok || answer.redirected) return;
    const names = await answer.json();
    // Ignore a response that arrives after the next letter, or after the field lost the focus.
    if (number !== this.asked || document.activeElement !== this.input) return;
    this.show(names);
  }

  show(names) {
    this.list.replaceChildren(
      ...names.map((name, place) => {
        const option = document.createElement("li");
        option.role = "option";
        option.id = `${this.list.id}-${place}`;
        option.textContent = name;
        return option;
      }),
    );
    this.mark(-1);
    this.list.hidden = !names.length;
    this.input.setAttribute("aria-expanded", String(names.length > 0));
  }

  close() {
    this.asked += 1;
    clearTimeout(this.timer);
    this.show([]);
  }

  mark(place) {
    const options = [...this.list.children];
    this.at = place;
    options.forEach((option, number) => option.setAttribute("aria-selected", String(number === place)));
    if (place < 0) return this.input.removeAttribute("aria-activedescendant");
    this.input.setAttribute("aria-activedescendant", options[place].id);
    options[place].scrollIntoView({ block: "nearest" });
  }

  key(event) {
    const many = this.list.children.length;
    if (event.isComposing || this.list.hidden) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const step = event.key === "ArrowDown" ? 1 : -1;
      // One position more than suggestions: the typed text is before the first and after the last.
      this.mark(((this.at + 1 + step + many + 1) % (many + 1)) - 1);
    } else if (event.key === "Escape") {
      event.preventDefault();
      this.close();
    } else if (event.key === "Enter" && this.at >= 0) {
      event.preventDefault();
      this.take(this.list.children[this.at].textContent);
    }
  }

  take(name) {
    this.input.value = name;
    this.close();
    this.input.form.requestSubmit();
  }
}

/** @type {NodeListOf<HTMLInputElement>} */ (document.querySelectorAll('form[role="search"] input[name="q"]')).forEach((input, number) => {
  // Only the fields that search courses: a list of organisations has a field of that name too.
  if (new URL(input.form.action).pathname === "/search") new Names(input, number);
});
