// Fills number and code from the link of an activation slip, and goes on to the password. They are behind the `#` of the
// address, which no browser sends and no log holds (accounts/activation_links.py); they are taken out of the address first.

function readSlip() {
  const slip = new URLSearchParams(location.hash.slice(1));
  if (!slip.has("c")) return;
  history.replaceState(null, "", location.pathname + location.search);
  const form = /** @type {HTMLFormElement | null} */ (document.querySelector("form[data-slip]"));
  // Another question is open: load the first one, under an address that this page does not have, with the slip's answers.
  if (!form) return location.replace(`/activate?slip=1#${slip}`);
  for (const [name, key] of [
    ["number", "n"],
    ["code", "c"],
  ]) {
    const field = /** @type {HTMLInputElement} */ (form.elements.namedItem(name));
    field.value = (slip.get(key) || "").slice(0, 40);
  }
  form.requestSubmit();
}

// Scanned while the page was open in the same tab, only the end of the address changes.
addEventListener("hashchange", readSlip);
readSlip();

export {};
