// The leaves of a document. A long one's page comes with a few of them; the others are fetched, some together, when they
// are turned to.

export class Leaves {
  /** @type {Map<number, Promise<void>>} fetches under way, by the first page of what comes together */
  #waiting = new Map();
  #more = "";
  #together = 1;

  /**
   * @param {HTMLElement} list
   * @param {DOMStringMap} given of the reader: total, more, together
   */
  constructor(list, given) {
    this.#more = given.more ?? "";
    this.#together = Number(given.together) || 1;
    const here = /** @type {HTMLElement[]} */ ([...list.children]);
    /** @type {HTMLElement[]} */
    this.all = this.#more ? Array.from({ length: Number(given.total) }, (_, n) => Leaves.#place(here, n + 1)) : here;
    list.replaceChildren(...this.all);
  }

  /** @param {HTMLElement[]} here @param {number} page */
  static #place(here, page) {
    const found = here.find((leaf) => leaf.id === `page-${page}`);
    if (found) return found;
    const made = document.createElement("li");
    made.id = `page-${page}`;
    made.dataset.later = "";
    return made;
  }

  /** @param {number} page */
  has(page) {
    return this.all[page - 1]?.dataset.later === undefined;
  }

  /**
   * Fetch a page, with those that come with it; throws where there is no network, or somebody was signed out.
   * @param {number} page
   */
  fetch(page) {
    const first = page - ((page - 1) % this.#together);
    const running = this.#waiting.get(first) ?? this.#load(page).finally(() => this.#waiting.delete(first));
    this.#waiting.set(first, running);
    return running;
  }

  /** @param {number} page */
  async #load(page) {
    const answer = await fetch(this.#more.replace(/0$/, String(page)), { headers: { Accept: "text/html" } });
    if (answer.redirected) location.reload(); // to sign in, and back to this page
    if (!answer.ok || answer.redirected) throw new Error(String(answer.status));
    const come = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const leaf of /** @type {NodeListOf<HTMLElement>} */ (come.querySelectorAll("li[id]"))) {
      const place = this.all[Number(leaf.id.slice("page-".length)) - 1];
      if (place?.dataset.later === undefined) continue;
      place.classList.toggle("wordless", leaf.classList.contains("wordless"));
      place.replaceChildren(...leaf.childNodes);
      delete place.dataset.later;
    }
    if (!this.has(page)) throw new Error("no such page");
  }
}
