// Arithmetic of watched spans, as in learning/rules.py: [start, end) in media milliseconds.

export const HOLE_MS = 400;

export function merge(spans, hole = 0) {
  const merged = [];
  for (const [start, end] of [...spans].sort((a, b) => a[0] - b[0])) {
    const last = merged[merged.length - 1];
    if (last && start - last[1] <= hole) last[1] = Math.max(last[1], end);
    else if (end > start) merged.push([start, end]);
  }
  return merged;
}

export function subtract(spans, taken) {
  const left = [];
  for (const [first, end] of spans) {
    let start = first;
    for (const [from, to] of taken) {
      if (to <= start || from >= end) continue;
      if (from > start) left.push([start, from]);
      start = Math.max(start, to);
    }
    if (start < end) left.push([start, end]);
  }
  return left;
}

// Spans that the server counts in another unit (a document's pages), in milliseconds of this page's clock.
export const inMs = (spans, unitMs) => spans.map(([start, end]) => [start * unitMs, end * unitMs]);

export const length = (spans) => spans.reduce((sum, [start, end]) => sum + end - start, 0);

// The last milliseconds of the spans.
export function latest(spans, most) {
  const kept = [];
  let left = most;
  for (const [start, end] of [...spans].reverse()) {
    if (left > 0) kept.unshift([Math.max(start, end - left), end]);
    left -= end - start;
  }
  return kept;
}

// Missing spans of a lecture, without gaps short enough to count as watched.
export const gaps = (spans, duration) => subtract([[0, duration]], merge(spans, HOLE_MS)).filter(([a, b]) => b - a > HOLE_MS);

export function clock(ms) {
  const total = Math.floor(ms / 1000);
  const [hours, minutes, seconds] = [Math.floor(total / 3600), Math.floor(total / 60) % 60, total % 60];
  const two = (n) => String(n).padStart(2, "0");
  return hours ? `${hours}:${two(minutes)}:${two(seconds)}` : `${minutes}:${two(seconds)}`;
}

// Follows a playing video and collects the spans that were really shown, without seeks.
export class Watcher {
  constructor(video) {
    this.video = video;
    this.done = [];
    this.open = null;
    for (const kind of ["timeupdate", "playing"]) video.addEventListener(kind, () => this.step());
    for (const kind of ["pause", "ended", "waiting"]) video.addEventListener(kind, () => this.close(true));
    for (const kind of ["seeking", "emptied"]) video.addEventListener(kind, () => this.close(false));
    video.addEventListener("ratechange", () => this.close(true));
  }

  step() {
    const { video } = this;
    if (video.paused || video.seeking) return;
    const [at, wall] = [video.currentTime * 1000, performance.now()];
    if (!this.open) {
      this.open = { start: at, last: at, wall };
      return;
    }
    const most = (wall - this.open.wall) * video.playbackRate * 1.1 + 600;
    if (at < this.open.last || at - this.open.last > most) {
      this.close(false);
      this.open = { start: at, last: at, wall };
      return;
    }
    this.open.last = at;
    this.open.wall = wall;
  }

  close(exactly) {
    if (exactly && this.open && !this.video.seeking) {
      const at = this.video.currentTime * 1000;
      const most = (performance.now() - this.open.wall) * this.video.playbackRate * 1.1 + 600;
      if (at > this.open.last && at - this.open.last <= most) this.open.last = at;
    }
    if (this.open && this.open.last > this.open.start) this.done.push([this.open.start, this.open.last]);
    this.open = null;
  }

  // Spans shown since the last call; the current one continues from here.
  take() {
    this.step();
    const spans = this.done;
    this.done = [];
    if (this.open && this.open.last > this.open.start) {
      spans.push([this.open.start, this.open.last]);
      this.open.start = this.open.last;
    }
    return merge(spans.map(([a, b]) => [Math.floor(a), Math.ceil(b)]), HOLE_MS);
  }

  peek() {
    return this.open ? [...this.done, [this.open.start, this.open.last]] : this.done;
  }
}
