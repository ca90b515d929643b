// Player preferences, kept on this device for every lecture.

const KEPT = "academy-player";

export function preferences(changes) {
  try {
    const kept = { ...JSON.parse(localStorage.getItem(KEPT) ?? "{}"), ...changes };
    if (changes) localStorage.setItem(KEPT, JSON.stringify(kept));
    return kept;
  } catch {
    return changes ?? {};
  }
}
