// What the ledger's client needs beside its rules: this device's own key, and rectangles on the bar.

const SVG = "http://www.w3.org/2000/svg";

export function deviceKey() {
  try {
    let key = localStorage.getItem("academy-device");
    if (!key) {
      key = Array.from(crypto.getRandomValues(new Uint8Array(12)), (n) => n.toString(16).padStart(2, "0")).join("");
      localStorage.setItem("academy-device", key);
    }
    return key;
  } catch {
    return "";
  }
}

/**
 * Draw spans of media time into a group of the bar, which is 1000 wide.
 * @param {Element} group
 * @param {[number, number][]} spans
 * @param {number} duration
 */
export function drawSpans(group, spans, duration) {
  group.replaceChildren(
    ...spans.map(([start, end]) => {
      const rect = document.createElementNS(SVG, "rect");
      rect.setAttribute("x", String((start / duration) * 1000));
      rect.setAttribute("width", String(Math.max(1, ((end - start) / duration) * 1000)));
      rect.setAttribute("height", "12");
      return rect;
    }),
  );
}
