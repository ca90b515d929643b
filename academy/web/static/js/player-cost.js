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

// Resolves with what to play: "all", "low" or "sound"; at once on an unmetered connection.
export function agreed(root, position) {
  const sizes = JSON.parse(root.dataset.sizes || "{}");
  const box = root.querySelector("[data-cost]");
  const line = root.querySelector("[data-cost-line]");
  const costly = metered();
  if (!box || !Object.keys(sizes).length) return Promise.resolve("all");
  const left = Math.max(0.02, 1 - position / Number(root.dataset.duration));
  for (const place of root.querySelectorAll("[data-megabytes]")) {
    const size = sizes[place.dataset.megabytes];
    place.textContent = size ? megabytes(size * left) : "";
  }
  if (costly === null && line) line.hidden = false;
  if (!costly) return Promise.resolve("all");
  box.hidden = false;
  return new Promise((resolve) => {
    box.addEventListener("click", (event) => {
      const choice = event.target.closest("button[data-choice]")?.dataset.choice;
      if (!choice) return;
      box.hidden = true;
      box.dataset.asked = "yes";
      resolve(choice);
      root.querySelector("[data-toggle]").focus();
    });
  });
}
