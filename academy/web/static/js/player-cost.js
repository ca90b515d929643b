// Data volume on a metered connection, shown before the first byte is fetched.

const MB = 1024 * 1024;

function metered() {
  const line = navigator.connection;
  if (!line) return null; // not available on Apple's devices
  if (line.saveData || line.type === "cellular") return true;
  if (line.type && line.type !== "unknown") return false;
  return /2g|3g/.test(line.effectiveType ?? "");
}

const megabytes = (bytes) => {
  const value = bytes / MB;
  return value < 10 ? Math.max(0.1, Math.round(value * 10) / 10) : Math.round(value);
};

function write(root, position) {
  const sizes = JSON.parse(root.dataset.sizes || "{}");
  const left = Math.max(0.02, 1 - position / Number(root.dataset.duration));
  for (const place of root.querySelectorAll("[data-megabytes]")) {
    const size = sizes[place.dataset.megabytes];
    place.textContent = size ? megabytes(size * left) : "";
  }
}

// What a lecture costs, where the browser cannot say whether that matters.
export function estimate(root) {
  const line = root.querySelector("[data-cost-line]");
  if (!line || !root.dataset.sizes || metered() !== null) return;
  write(root, 0);
  line.hidden = false;
}

// What to play: "all", or a promise of "all", "low", "sound" on a metered connection ("" when the question is closed).
export function agreed(root, position) {
  const box = /** @type {HTMLDialogElement | null} */ (root.querySelector("[data-cost]"));
  if (!box || !metered()) return "all";
  write(root, position);
  box.showModal();
  return new Promise((resolve) => {
    const choose = (event) => {
      const choice = event.target.closest("button[data-choice]")?.dataset.choice;
      if (choice) box.close(choice);
    };
    box.returnValue = "";
    box.addEventListener("click", choose);
    box.addEventListener("close", () => {
      box.removeEventListener("click", choose);
      resolve(box.returnValue);
      root.querySelector("[data-toggle]").focus();
    }, { once: true });
  });
}
