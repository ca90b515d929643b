// Sentences that the page passes to a script (data-words), with placeholders %(name)s.

/** @typedef {string | [one: string, many: string]} Words a sentence, or its two forms where a number decides */
/** @typedef {Record<string, string | number>} Values */

const PLACE = /%\((\w+)\)s/g;

/**
 * The form of a sentence for a number; Chinese has one form, English two.
 * @param {Words} words
 * @param {number} number
 * @param {string} [language]
 */
export function form(words, number, language = document.documentElement.lang) {
  if (typeof words === "string") return words;
  return new Intl.PluralRules(language || "zh").select(number) === "one" ? words[0] : words[1];
}

/**
 * A sentence with its values; a placeholder without a value stays as it is. `n` selects the plural form.
 * @param {Words} words
 * @param {Values} [values]
 */
export function fill(words, values = {}) {
  return form(words, Number(values.n)).replace(PLACE, (place, name) => (name in values ? String(values[name]) : place));
}

/**
 * The sentences of a part of the page, by key.
 * @param {HTMLElement} element
 * @returns {(key: string, values?: Values) => string}
 */
export function wordsOf(element) {
  /** @type {Record<string, Words>} */
  const words = JSON.parse(element.dataset.words ?? "{}");
  return (key, values) => fill(words[key], values);
}
