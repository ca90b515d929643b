// Keyboard shortcuts of the caption editor, as listed on the page.

/** @param {KeyboardEvent} event */
const control = (event) => event.ctrlKey || event.metaKey;

/**
 * The action of a key pressed in a line, or null.
 * @param {KeyboardEvent} event
 */
export function rowAct(event) {
  const { key, code, altKey } = event;
  if (control(event) && code === "Space") return "play";
  if (control(event) && key === "Enter") return "split";
  if (control(event) && code === "KeyM") return "merge";
  if (!altKey) return null;
  /** @type {Record<string, string>} */
  const acts = { ArrowUp: "previous", ArrowDown: "next", Enter: "insert" };
  /** @type {Record<string, string>} */
  const places = { KeyY: "confirm", BracketLeft: "markStart", BracketRight: "markEnd" };
  return acts[key] ?? places[code] ?? null;
}

/**
 * The action of a key pressed anywhere on the page, or null.
 * @param {KeyboardEvent} event
 */
export function pageAct(event) {
  if (control(event)) return event.code === "KeyS" ? "save" : null;
  if (!event.altKey) return null;
  return event.code === "KeyU" ? "review" : event.code === "KeyZ" ? "undo" : null;
}
