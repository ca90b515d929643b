// Offers names while somebody types into a search field. Without it the field works as any other.
const WAIT_MS = 150;

for (const input of document.querySelectorAll('form[role="search"] input[name="q"]')) {
  const list = document.createElement("datalist");
  list.id = `${input.id || "q"}-names`;
  input.after(list);
  input.setAttribute("list", list.id);
  let timer = 0;
  let asked = 0;
  input.addEventListener("input", (event) => {
    clearTimeout(timer);
    if (event.isComposing || !input.value.trim()) return;
    timer = setTimeout(async () => {
      const number = ++asked;
      const answer = await fetch(`/search/suggest?q=${encodeURIComponent(input.value)}`).catch(() => null);
      if (!answer?.ok || number !== asked) return;
      const names = await answer.json();
      list.replaceChildren(...names.map((name) => Object.assign(document.createElement("option"), { value: name })));
    }, WAIT_MS);
  });
  input.addEventListener("compositionend", () => input.dispatchEvent(new Event("input")));
}
