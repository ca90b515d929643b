// Whose lectures are kept on this phone: known without opening the database, on every page.

const OWNER = "academy-kept-owner";
const WIPED = "academy-kept-wiped";

/** Who is signed in: a mark, "" for nobody, "off" where nothing may be kept. */
export const owner = () => /** @type {HTMLMetaElement | null} */ (document.querySelector("meta[name=owner]"))?.content ?? "";

function stored(name, value) {
  try {
    if (value === null) localStorage.removeItem(name);
    else if (value !== undefined) localStorage.setItem(name, value);
    return localStorage.getItem(name);
  } catch {
    return null; // Forbidden: then nothing is kept either.
  }
}

/** @returns {{ owner: string, locked?: boolean, contact?: number } | null} */
export function remembered() {
  try {
    return JSON.parse(stored(OWNER) ?? "null");
  } catch {
    return null;
  }
}

/** @param {{ owner: string, locked?: boolean, contact?: number } | null} whose */
export function remember(whose) {
  stored(OWNER, whose && JSON.stringify(whose));
}

/** How often everything was deleted: who waited for an answer meanwhile begins nothing. */
export const wipes = () => Number(stored(WIPED) ?? 0);

/** Note that everything was deleted. */
export const wiped = () => stored(WIPED, String(wipes() + 1));
