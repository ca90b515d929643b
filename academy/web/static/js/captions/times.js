// Format and parse times of the caption editor: 1:02:03.450, in milliseconds.

/** @param {number} ms */
export function formatTime(ms) {
  const whole = Math.max(0, Math.round(ms));
  const part = (/** @type {number} */ n, /** @type {number} */ size) => String(n).padStart(size, "0");
  const [h, m, s] = [Math.floor(whole / 3600000), Math.floor(whole / 60000) % 60, Math.floor(whole / 1000) % 60];
  return `${h ? `${h}:` : ""}${part(m, 2)}:${part(s, 2)}.${part(whole % 1000, 3)}`;
}

/**
 * Milliseconds of "1:02:03.45", "2:03,4" or "3"; NaN where it is not a time.
 * @param {string} text
 */
export function parseTime(text) {
  const match = /^(?:(\d+):)?(?:(\d+):)?(\d+)(?:[.,](\d{1,3}))?$/.exec(text.trim());
  if (!match) return NaN;
  const [, a, b, seconds, rest] = match;
  const [hours, minutes] = b === undefined ? [0, Number(a ?? 0)] : [Number(a), Number(b)];
  return ((hours * 60 + minutes) * 60 + Number(seconds)) * 1000 + Number((rest ?? "0").padEnd(3, "0"));
}
