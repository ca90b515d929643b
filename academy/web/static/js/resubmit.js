// Keeps a form in this browser tab during sign-in, and restores it afterwards (http/resubmission.py).

const NAME = "academy-resubmit";
const LONGEST_MS = 30 * 60_000;

const form = /** @type {HTMLFormElement} */ (document.querySelector("[data-resubmit]"));
const place = form.querySelector("[data-fields]");

function kept() {
  try {
    const left = JSON.parse(sessionStorage.getItem(NAME));
    return left && Date.now() - left.at < LONGEST_MS ? left : null;
  } catch {
    return null;
  }
}

function drop() {
  try {
    sessionStorage.removeItem(NAME);
  } catch {
    // No form is stored.
  }
}

function keep() {
  const fields = [...place.querySelectorAll("input")].map(({ name, value }) => [name, value]);
  const shown = [...form.querySelectorAll(".typed")].map((line) => line.textContent);
  try {
    sessionStorage.setItem(NAME, JSON.stringify({ at: Date.now(), action: form.getAttribute("action"), fields, shown }));
  } catch {
    // Storage is forbidden or full: the link opens a new tab instead, and this page keeps the form.
    /** @type {HTMLAnchorElement} */ (form.querySelector("[data-first]")).target = "_blank";
  }
}

function restore(left) {
  form.action = left.action;
  for (const [name, value] of left.fields) {
    const input = Object.assign(document.createElement("input"), { type: "hidden", name, value });
    place.append(input);
  }
  const shown = form.querySelector("[data-shown]");
  for (const text of left.shown) {
    const line = Object.assign(document.createElement("p"), { className: "typed", textContent: text });
    shown.append(line);
  }
  shown.hidden = !left.shown.length;
}

if ("keep" in form.dataset) keep();
else if (!place.children.length && location.pathname === "/resubmit") {
  const left = kept();
  if (left) restore(left);
  else {
    form.hidden = true;
    document.querySelector("[data-nothing]").hidden = false;
  }
}
form.addEventListener("submit", drop);
