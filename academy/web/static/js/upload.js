/* <div data-upload>: a file of any size over any line. It goes on where it stopped: after a lost
   network by itself, after a closed page or on another device when the same file is chosen again. */

const PIECE = 16 * 1024 * 1024;
const HEAD = 1024 * 1024;
const AGAIN = [408, 409, 423, 425, 429, 460];
const WAITS = [0, 1000, 2000, 4000, 8000, 15000, 15000, 30000, 30000, 60000];

for (const box of document.querySelectorAll("[data-upload]")) arm(box);

function arm(box) {
  const words = JSON.parse(box.dataset.words);
  const part = (name) => box.querySelector(`[data-upload-${name}]`);
  const say = (key, values = {}) => words[key].replace(/%\((\w+)\)s/g, (_, name) => values[name]);
  const form = part("form");
  const input = form.querySelector("input[type=file]");
  let upload = null;
  let marks = [];
  let busy = false;

  form.addEventListener("submit", async (event) => {
    if (!window.tus || !input.files.length) return;
    event.preventDefault();
    const file = input.files[0];
    const known = await sentBefore(file);
    if (!known) return begin(file);
    part("known").querySelector("p").textContent = say("known", { day: known.day, name: known.filename });
    part("use").onclick = () => hand("asset", known.id);
    part("anyway").onclick = () => begin(file);
    form.hidden = true;
    part("known").hidden = false;
    part("use").focus();
  });
  part("pause").addEventListener("click", () => (busy ? pause(say("paused")) : go()));
  part("other").addEventListener("click", () => {
    upload?.abort();
    show(false);
    input.value = "";
    input.focus();
  });
  addEventListener("online", () => upload && !busy && part("error").hidden === false && go());
  addEventListener("beforeunload", (event) => busy && event.preventDefault());

  async function begin(file) {
    part("known").hidden = true;
    show(true);
    part("name").textContent = say("sending", { name: file.name });
    if (!file.size) return wrong(say("empty"));
    upload = new tus.Upload(file, {
      endpoint: box.dataset.endpoint,
      chunkSize: PIECE,
      retryDelays: WAITS,
      removeFingerprintOnSuccess: true,
      metadata: { filename: file.name, purpose: box.dataset.purpose },
      headers: { "X-CSRFToken": document.querySelector("meta[name=csrf-token]").content, Accept: "application/json" },
      onProgress: progress,
      onSuccess: finished,
      onError: failed,
      // A proxy's 404 must not make the client begin anew, nor its 200 end the upload: ours alone speak tus.
      onAfterResponse: (_request, answer) => {
        if (!answer.getHeader("Tus-Resumable")) throw new Error("not the academy's answer");
      },
      onShouldRetry: (error) => {
        const status = error.originalResponse ? error.originalResponse.getStatus() : 0;
        if (!status) part("figures").textContent = say("waiting");
        return !status || status >= 500 || AGAIN.includes(status);
      },
    });
    const before = (await upload.findPreviousUploads())[0];
    if (before) upload.resumeFromPreviousUpload(before);
    else upload.url = await elsewhere(file);
    if (upload.url || before) part("figures").textContent = say("resumed");
    go();
  }

  // Hours of a weak line are saved by asking first: size, beginning and end tell one recording from another.
  async function sentBefore(file) {
    try {
      const ends = new Blob([file.slice(0, HEAD), file.slice(Math.max(0, file.size - HEAD))]);
      const query = new URLSearchParams({ purpose: box.dataset.purpose, size: file.size, fingerprint: await sha256(ends) });
      const headers = { "Tus-Resumable": "1.0.0", Accept: "application/json" };
      const answer = await fetch(`${box.dataset.endpoint}/known?${query}`, { headers });
      return (await answer.json()).file ?? null;
    } catch {
      return null;
    }
  }

  async function sha256(blob) {
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", await blob.arrayBuffer()));
    return [...digest].map((b) => b.toString(16).padStart(2, "0")).join("");
  }

  // What another device, or another browser, began: the same name, size and first megabyte.
  async function elsewhere(file) {
    if (!window.crypto?.subtle) return null;
    try {
      const answer = await fetch(`${box.dataset.endpoint}/unfinished`, { headers: { "Tus-Resumable": "1.0.0" } });
      const found = (await answer.json()).uploads.find((u) => u.filename === file.name && u.size === file.size);
      if (!found) return null;
      return (await sha256(file.slice(0, found.head))) === found.sha256 ? new URL(found.url, location.href).href : null;
    } catch {
      return null;
    }
  }

  function go() {
    busy = true;
    marks = [];
    part("error").hidden = true;
    part("pause").textContent = say("pause");
    part("pause").hidden = false;
    upload.start();
  }

  function pause(text) {
    busy = false;
    upload.abort();
    part("figures").textContent = text;
    part("pause").textContent = say("resume");
  }

  function progress(sent, total) {
    const now = performance.now();
    marks.push([now, sent]);
    while (marks.length > 2 && now - marks[0][0] > 8000) marks.shift();
    part("bar").value = total ? Math.floor((sent / total) * 1000) : 0;
    part("share").textContent = `${Math.floor((sent / total) * 100)}%`;
    const seconds = (now - marks[0][0]) / 1000;
    const pace = seconds > 0.5 ? (sent - marks[0][1]) / seconds : 0;
    const texts = [say("of", { done: size(sent), all: size(total) })];
    if (pace > 0) texts.push(say("speed", { size: size(pace) }), say("left", { time: time((total - sent) / pace) }));
    part("figures").textContent = texts.join("，");
  }

  function finished() {
    busy = false;
    part("figures").textContent = say("finished");
    part("pause").hidden = true;
    hand("upload", upload.url.split("/").pop());
  }

  function hand(what, id) {
    const done = part("done");
    done.elements[what].value = id;
    box.dispatchEvent(new CustomEvent("uploaded", { detail: id, bubbles: true }));
    done.submit();
  }

  function failed(error) {
    busy = false;
    let text = say("failed");
    const response = error.originalResponse;
    if (!response || !response.getStatus()) text = say("waiting");
    else
      try {
        text = JSON.parse(response.getBody()).title || text;
      } catch {
        // Not one of our sentences; ours is shown.
      }
    wrong(text);
  }

  function wrong(text) {
    part("error").textContent = text;
    part("error").hidden = false;
    part("figures").textContent = "";
    part("pause").textContent = say("resume");
    part("pause").hidden = !upload;
  }

  function show(sending) {
    form.hidden = sending;
    part("state").hidden = !sending;
    part("error").hidden = true;
    part("bar").value = 0;
    part("share").textContent = "0%";
  }

  const size = (bytes) => {
    const units = ["B", "KB", "MB", "GB"];
    let step = 0;
    while (bytes >= 1000 && step < 3) {
      bytes /= 1024;
      step += 1;
    }
    return `${bytes >= 100 || !step ? Math.round(bytes) : bytes.toFixed(1)} ${units[step]}`;
  };
  const time = (seconds) => {
    if (seconds < 60) return say("seconds", { n: Math.max(1, Math.round(seconds)) });
    if (seconds < 5400) return say("minutes", { n: Math.round(seconds / 60) });
    return say("hours", { n: (seconds / 3600).toFixed(1) });
  };
}
