// Fills number and code from the link of an activation slip. They are behind the `#` of the address, which no browser
// sends and no log holds (accounts/activation_links.py); they are taken out of the address before anything else.

const slip = new URLSearchParams(location.hash.slice(1));
if (slip.has("c")) {
  history.replaceState(null, "", location.pathname + location.search);
  for (const [name, key] of [
    ["number", "n"],
    ["code", "c"],
  ]) {
    const field = /** @type {HTMLInputElement | null} */ (document.getElementById(name));
    if (field && slip.get(key)) field.value = slip.get(key).slice(0, field.maxLength);
  }
  document.getElementById("password")?.focus();
}

export {};
