// The planning board on a desk: a topic is dragged onto an evening, which asks what that would cost. Nothing changes by it:
// the price stands among the rulings, where it is confirmed or withdrawn. On a phone, by keyboard and without this script
// the same is asked by the form under each topic.

const BEGINS_AT = 6;
const EDGE = 72;
const STEP = 14;

/**
 * Whether a pointer has moved so far that it drags.
 * @param {{x: number, y: number}} from
 * @param {{x: number, y: number}} now
 */
export const drags = (from, now) => Math.hypot(now.x - from.x, now.y - from.y) >= BEGINS_AT;

/**
 * How far the page goes on by itself while something is held near its edge, in pixels a frame; 0 in the middle.
 * @param {number} y
 * @param {number} height of the window
 */
export function scrollStep(y, height) {
  if (y < EDGE) return -STEP * Math.min(1, (EDGE - y) / EDGE);
  if (y > height - EDGE) return STEP * Math.min(1, (y - height + EDGE) / EDGE);
  return 0;
}

/**
 * Put an evening into a topic's form; false where the form does not offer it, or the topic stands there already.
 * @param {HTMLElement} card
 * @param {string} day
 */
export function chooseEvening(card, day) {
  const form = formOf(card);
  const field = /** @type {HTMLSelectElement | null} */ (form?.querySelector("select[name=day]"));
  if (!field || card.dataset.planDay === day) return false;
  if (![...field.options].some((one) => one.value === day)) return false;
  field.value = day;
  return true;
}

/** @param {HTMLElement} card */
function formOf(card) {
  return /** @type {HTMLFormElement | null} */ (card.querySelector("form[data-plan-form]"));
}

/** What is held: its card, where the pointer took it, the evening below the pointer. */
class Held {
  /**
   * @param {HTMLElement} card
   * @param {PointerEvent} event
   */
  constructor(card, event) {
    this.card = card;
    this.id = event.pointerId;
    this.from = this.now = { x: event.clientX, y: event.clientY };
    /** @type {HTMLElement | null} */
    this.label = null;
    /** @type {HTMLElement | null} */
    this.over = null;
  }

  /** @param {PointerEvent} event */
  move(event) {
    this.now = { x: event.clientX, y: event.clientY };
    if (!this.label && drags(this.from, this.now)) this.#lift();
    if (!this.label) return;
    this.label.style.transform = `translate(${this.now.x + 12}px, ${this.now.y + 12}px)`;
    this.#look();
  }

  #lift() {
    this.label = document.createElement("div");
    this.label.className = "plan-held";
    this.label.setAttribute("aria-hidden", "true");
    this.label.textContent = this.card.querySelector("h3")?.textContent ?? "";
    document.body.append(this.label);
    document.documentElement.dataset.planDragging = "";
    this.card.dataset.planHeld = "";
    this.#scroll();
  }

  #look() {
    const below = document.elementFromPoint(this.now.x, this.now.y)?.closest("[data-plan-evening]");
    const evening = below instanceof HTMLElement && below.dataset.planEvening !== this.card.dataset.planDay ? below : null;
    if (evening === this.over) return;
    this.over?.removeAttribute("data-plan-over");
    evening?.setAttribute("data-plan-over", "");
    this.over = evening;
  }

  #scroll() {
    if (!this.label?.isConnected) return;
    const step = scrollStep(this.now.y, innerHeight);
    if (step) {
      scrollBy(0, step);
      this.#look();
    }
    requestAnimationFrame(() => this.#scroll());
  }

  drop() {
    const day = this.over?.dataset.planEvening;
    this.end();
    if (!day || !chooseEvening(this.card, day)) return;
    const form = formOf(this.card);
    form?.requestSubmit(/** @type {HTMLButtonElement | null} */ (form.querySelector("button[value=want]")));
  }

  end() {
    this.label?.remove();
    this.over?.removeAttribute("data-plan-over");
    this.card.removeAttribute("data-plan-held");
    delete document.documentElement.dataset.planDragging;
  }
}

/** @type {Held | null} */
let held = null;

function begin() {
  document.documentElement.dataset.planDrag = "";
  // The board is replaced while the planner works: listeners are at the document.
  document.addEventListener("pointerdown", (event) => {
    const handle = event.target instanceof Element ? event.target.closest("[data-plan-handle]") : null;
    const card = handle?.closest("[data-plan-card]");
    if (!(card instanceof HTMLElement) || event.button !== 0 || event.pointerType === "touch") return;
    event.preventDefault();
    held = new Held(card, event);
  });
  document.addEventListener("pointermove", (event) => {
    if (held?.id === event.pointerId) held.move(event);
  });
  document.addEventListener("pointerup", (event) => {
    if (held?.id !== event.pointerId) return;
    held.drop();
    held = null;
  });
  for (const name of ["pointercancel", "blur"]) addEventListener(name, cancel);
  addEventListener("keydown", (event) => event.key === "Escape" && cancel());
}

function cancel() {
  held?.end();
  held = null;
}

begin();
