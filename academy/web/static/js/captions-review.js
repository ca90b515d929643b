/* What the recogniser was not sure of, least sure first: look there first. */

const UNSURE = 0.6;
const SHOWN = 100;

export class Review {
  constructor(root, { rows, text, say }) {
    Object.assign(this, { rows, text, say });
    this.box = root.querySelector("[data-review-box]");
    this.list = root.querySelector("[data-review]");
    this.count = root.querySelector("[data-review-count]");
  }

  unsure() {
    return this.rows()
      .filter((row) => row.dataset.sure && Number(row.dataset.sure) < UNSURE)
      .sort((a, b) => Number(a.dataset.sure) - Number(b.dataset.sure));
  }

  draw() {
    const found = this.unsure();
    this.box.hidden = !found.length;
    this.count.textContent = found.length;
    for (const row of this.rows()) row.classList.toggle("unsure", found.includes(row));
    this.list.replaceChildren(
      ...found.slice(0, SHOWN).map((row) => {
        const button = document.createElement("button");
        button.type = "button";
        button.className = "button quiet caption-unsure";
        const sure = document.createElement("span");
        sure.className = "muted number";
        sure.textContent = this.say("sure", { n: Math.round(Number(row.dataset.sure) * 100) });
        button.append(this.text(row).value, sure);
        button.addEventListener("click", () => this.text(row).focus());
        const line = document.createElement("li");
        line.append(button);
        return line;
      }),
    );
  }

  // The words of the next line to look at, by time, after this one.
  next(row) {
    const all = this.rows();
    const unsure = new Set(this.unsure());
    const later = all.slice(all.indexOf(row) + 1).find((one) => unsure.has(one));
    const found = later ?? all.find((one) => unsure.has(one));
    return found ? this.text(found) : null;
  }
}
