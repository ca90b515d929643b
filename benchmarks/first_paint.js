// Names of moments, and what must be on the screen then; looked at with every picture that the browser draws.
(() => {
  const seen = (window.seen = {});
  const inView = (e) => {
    const box = e.getBoundingClientRect();
    return box.width > 0 && box.height > 0 && box.top < innerHeight && box.bottom > 0;
  };
  const drawn = () => {
    const art = [...document.querySelectorAll("main .cover")].filter(inView);
    if (!art.length) return false;
    const uses = performance.getEntriesByType("resource").some((e) => e.name.includes("covers.svg") && e.responseEnd);
    return art.every((e) => {
      const images = [...e.querySelectorAll("img")];
      return images.length ? images.every((i) => i.complete && i.naturalWidth) : !e.querySelector("use") || uses;
    });
  };
  const whole = (e) => {
    const box = e.getBoundingClientRect();
    return box.width > 0 && box.top >= 0 && box.bottom <= innerHeight && box.right <= innerWidth + 1;
  };
  const moments = {
    content: () => [...document.querySelectorAll("main h1")].some(inView),
    covers: drawn,
    keys: () => {
      const keys = [...document.querySelectorAll("[data-player][data-own] [data-controls] > button")].filter((e) => e.offsetWidth);
      return keys.length > 2 && keys.every(whole);
    },
    page: () => {
      const leaf = document.querySelector("[data-reader].paged li.here");
      if (!leaf) return false;
      const [words, image] = [leaf.querySelector("[data-page-words]"), leaf.querySelector("img")];
      return (words && !words.hidden && inView(words)) || (image && image.complete && image.naturalWidth > 0);
    },
    charts: () =>
      [...document.querySelectorAll("main canvas, main svg[role=img], main svg.chart")].some(
        (e) => e.getBoundingClientRect().width > 100,
      ),
  };
  const look = () => {
    for (const [name, there] of Object.entries(moments)) {
      // Told by the next picture: this one is being drawn.
      if (!(name in seen) && document.body && there()) seen[name] = performance.now() / 1000;
    }
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
})();
