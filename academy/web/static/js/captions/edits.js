// Edits of caption lines, independent of the DOM: times in milliseconds, text unescaped.

/** @typedef {{start: number, end: number, text: string}} Cue */

const SHORTEST_MS = 200;
const NEW_MS = 2000;

/**
 * Split a line: at the cursor if it is inside the text, at the playback position if that is inside the line,
 * else in proportion. Null where there is nothing to split.
 * @param {Cue} cue
 * @param {number} cursor position of the cursor in the text
 * @param {number} now playback position in milliseconds
 * @returns {[Cue, Cue] | null}
 */
export function splitCue({ start, end, text }, cursor, now) {
  const cut = cursor > 0 && cursor < text.length ? cursor : Math.ceil(text.length / 2);
  if (text.length < 2 || !(end - start > SHORTEST_MS)) return null;
  const middle = now > start + 100 && now < end - 100 ? now : start + ((end - start) * cut) / text.length;
  return [
    { start, end: middle, text: text.slice(0, cut).trim() },
    { start: middle, end, text: text.slice(cut).trim() },
  ];
}

/**
 * Join two texts: with a space between Latin words, without one beside Chinese.
 * @param {string} first
 * @param {string} second
 */
export function joinTexts(first, second) {
  const [a, b] = [first.trim(), second.trim()];
  return /[\x21-\x7e]$/.test(a) && /^[\x21-\x7e]/.test(b) ? `${a} ${b}` : a + b;
}

/**
 * Times of a new line after `cue`: in the gap before the next one, or in the later half of this one, which then
 * ends at `cutAt`.
 * @param {{start: number, end: number}} cue
 * @param {number | null} nextStart
 */
export function gapAfter(cue, nextStart) {
  const most = nextStart ?? cue.end + NEW_MS;
  const tight = most - cue.end < SHORTEST_MS;
  const start = tight ? (cue.start + cue.end) / 2 : cue.end;
  return { start, end: Math.min(start + NEW_MS, Math.max(most, start + SHORTEST_MS)), cutAt: tight ? start : null };
}

/**
 * Limit a shift: no line can start before 0, nor before the end of the line that stays.
 * @param {number} by
 * @param {number} firstStart the first line that moves
 * @param {number} staysUntil the end of the line before it, or 0
 */
export const realShift = (by, firstStart, staysUntil) => Math.max(by, staysUntil - firstStart);

/**
 * Number of occurrences of `wanted` in a text.
 * @param {string} text
 * @param {string} wanted
 */
export const occurrences = (text, wanted) => (wanted ? text.split(wanted).length - 1 : 0);
