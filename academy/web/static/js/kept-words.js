// Sizes as people read them.

const MB = 1024 * 1024;

/** @param {number} bytes */
export function megabytes(bytes) {
  if (bytes >= 1000 * MB) return `${(bytes / MB / 1024).toFixed(1)} GB`;
  const value = bytes / MB;
  return `${value < 10 ? Math.max(value ? 0.1 : 0, Math.round(value * 10) / 10) : Math.round(value)} MB`;
}
