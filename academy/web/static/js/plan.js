/* Recounts the audience while the form is being filled in; without scripts there is a button. */

const form = /** @type {HTMLFormElement} */ (document.getElementById("plan"));
const place = document.getElementById("preview");
const button = form.querySelector("[name=preview]");
let waiting = 0;
let asked = 0;

async function count() {
  const mine = ++asked;
  const body = new FormData(form);
  body.set("preview", "1");
  place.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(form.action, { method: "POST", body, credentials: "same-origin" });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.getElementById("preview");
    // Ignore a response that was overtaken by a later one.
    if (answer.ok && fresh && mine === asked) place.replaceChildren(...fresh.childNodes);
  } catch {
    button.hidden = false;
  } finally {
    if (mine === asked) place.removeAttribute("aria-busy");
  }
}

form.addEventListener("input", (event) => {
  if (!(/** @type {Element} */ (event.target).closest("[data-audience]"))) return;
  clearTimeout(waiting);
  waiting = setTimeout(count, 600);
});
