// Talk under the transcript: a key beside every sentence. Everything else is loaded when it is first wanted.

const section = /** @type {HTMLElement | null} */ (document.querySelector("[data-talk]"));

/** @type {Promise<import("./talk.js").Talk> | undefined} */
let loaded;

function talk() {
  loaded ??= import("./talk.js")
    .then((part) => part.open(section))
    .catch((error) => {
      loaded = undefined;
      throw error;
    });
  return loaded;
}

// Without a network the link leads to the page that says so.
/** @param {(opened: import("./talk.js").Talk) => void} act */
function withTalk(act) {
  talk().then(act, () => location.assign(/** @type {HTMLAnchorElement} */ (section.querySelector("[data-talk-open]")).href));
}

function addKeys() {
  const template = /** @type {HTMLTemplateElement} */ (section.querySelector("[data-line-key]"));
  const key = template.content.firstElementChild;
  for (const line of document.querySelectorAll("[data-lines] a[data-start]")) {
    const one = /** @type {HTMLElement} */ (key.cloneNode(true));
    one.setAttribute("aria-label", `${key.textContent} ${line.querySelector("time").textContent}`);
    line.after(one);
  }
}

if (section) {
  addKeys();
  const now = /** @type {HTMLElement} */ (section.querySelector("[data-talk-now]"));
  now.hidden = false;
  now.addEventListener("click", () => withTalk((opened) => opened.sheet.show(opened.now(), now)));
  section.querySelector("[data-talk-open]").addEventListener("click", (event) => {
    event.preventDefault();
    withTalk((opened) => opened.show());
  });
  document.querySelector("[data-lines]")?.addEventListener("click", (event) => {
    const key = /** @type {Element} */ (event.target).closest(".line-more");
    const line = /** @type {HTMLElement | null} */ (key?.parentElement.querySelector("a[data-start]"));
    if (line) withTalk((opened) => opened.sheet.show(opened.at(line), /** @type {HTMLElement} */ (key)));
  });
  try {
    // What could not be sent at an earlier visit is sent now.
    if (localStorage.getItem("academy-talk")) talk().catch(() => {});
  } catch {
    // Storage is forbidden: nothing is kept in it.
  }
}
