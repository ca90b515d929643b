// Full screen with our own controls, captions and transcript. An iPhone only supports its
// own player there; in a web view without support the player fills the window.

const REST_MS = 3000;
// A telephone held sideways: there the lecture fills the screen by itself.
const SIDEWAYS = "(orientation: landscape) and (max-height: 30rem) and (pointer: coarse)";

export class Screen {
  /**
   * @param {HTMLElement} root
   * @param {HTMLVideoElement} video
   * @param {Record<string, string>} words
   */
  constructor(root, video, words) {
    this.root = root;
    this.video = video;
    this.words = words;
    this.filled = false;
    this.stage = root.querySelector("[data-stage]");
    this.under = root.querySelector("[data-under]");
    this.button = root.querySelector("[data-full]");
    this.beside = root.querySelector("[data-words-beside]");
    this.box = document.querySelector("[data-transcript]");
    this.button?.addEventListener("click", () => this.toggle());
    this.beside?.addEventListener("click", () => this.#words(!this.reading));
    if (!this.box) this.beside?.remove();
    for (const kind of ["fullscreenchange", "webkitfullscreenchange"]) document.addEventListener(kind, () => this.#changed());
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && this.filled) this.#fill(false);
    });
    this.#rest();
    const sideways = matchMedia(SIDEWAYS);
    const turned = () => this.button && !this.owner && this.#fill(sideways.matches);
    sideways.addEventListener("change", turned);
    if (sideways.matches) turned();
  }

  get owner() {
    return document.fullscreenElement ?? document.webkitFullscreenElement ?? null;
  }

  get full() {
    return this.filled || this.owner === this.stage;
  }

  async toggle() {
    if (!this.button) return;
    if (this.filled) this.#fill(false);
    else if (this.owner) (document.exitFullscreen ?? document.webkitExitFullscreen).call(document);
    else await this.#enter();
  }

  async #enter() {
    const { stage, video } = this;
    const ask = stage.requestFullscreen ?? stage.webkitRequestFullscreen;
    try {
      if (ask) return await ask.call(stage);
      if (video.webkitSupportsFullscreen) return video.webkitEnterFullscreen();
    } catch {
      // Refused, as in some in-app web views: fill the window instead.
    }
    this.#fill(true);
  }

  #fill(on) {
    this.filled = on;
    document.documentElement.toggleAttribute("data-filled", on);
    this.#changed();
  }

  #changed() {
    const { full } = this;
    if (this.stage.hasAttribute("data-filling") === full) return;
    this.stage.toggleAttribute("data-filling", full);
    this.root.querySelector("[data-full-text]").textContent = full ? this.words.full_off : this.words.full;
    if (!full) this.#words(false);
    // Lock landscape orientation where supported: a lecture is wider than high.
    if (full && this.owner) screen.orientation?.lock?.("landscape")?.catch(() => {});
    this.#wake();
  }

  // The transcript moves beside the picture, and back to its place in the page.
  #words(on) {
    const { box, beside } = this;
    if (!box || !beside || on === Boolean(this.reading)) return;
    if (on) {
      this.reading = document.createComment("transcript");
      box.before(this.reading);
      this.stage.append(box);
    } else {
      this.reading.replaceWith(box);
      this.reading = null;
    }
    beside.setAttribute("aria-pressed", String(on));
    this.stage.toggleAttribute("data-reading", on);
    box.querySelector("[aria-current]")?.scrollIntoView({ block: "center" });
  }

  // ---- in full screen, the controls hide without interaction ----

  #rest() {
    for (const kind of ["pointermove", "pointerdown", "keydown", "focusin"]) {
      this.stage.addEventListener(kind, (event) => {
        if (kind === "pointerdown") this.slept = this.stage.hasAttribute("data-idle");
        const { pointerType } = /** @type {PointerEvent} */ (event);
        if (kind === "pointermove" && pointerType === "touch") return;
        if (kind !== "focusin") this.hand = pointerType ?? "key";
        this.#wake();
      });
    }
    for (const kind of ["play", "pause"]) this.video.addEventListener(kind, () => this.#wake());
    new ResizeObserver(() => this.stage.style.setProperty("--under", `${this.under.offsetHeight}px`)).observe(this.under, { box: "border-box" });
  }

  #wake() {
    clearTimeout(this.timer);
    this.stage.removeAttribute("data-idle");
    if (!this.full) return;
    this.timer = setTimeout(() => (this.#busy() ? this.#wake() : this.stage.setAttribute("data-idle", "")), REST_MS);
  }

  // A control has the focus.
  #busy() {
    const { under } = this;
    if (this.video.paused) return true;
    if (this.hand === "key") return under.contains(document.activeElement);
    return this.hand === "mouse" && under.matches(":hover");
  }

  // Whether the current touch has just shown the controls.
  woke() {
    const woke = Boolean(this.slept);
    this.slept = false;
    return woke;
  }
}
