// The client that our page uses, as it runs in Node: what it does is told as JSON lines, one an upload.
// node tus_client.mjs PACKAGE ENDPOINT COOKIE FILE FOLDER
import fs from "node:fs";
import path from "node:path";
import { createRequire } from "node:module";

const [pkg, endpoint, cookie, file, folder] = process.argv.slice(2);
const tus = createRequire(path.join(pkg, "package.json"))(pkg);
const size = fs.statSync(file).size;
const urlStorage = new tus.FileUrlStorage(path.join(folder, "urls.json"));

function upload(name, options, during) {
  return new Promise((resolve) => {
    const seen = { name, statuses: [], retries: 0, longest: 0 };
    const stream = fs.createReadStream(file);
    const made = new tus.Upload(stream, {
      endpoint,
      chunkSize: 4 * 1024 * 1024,
      uploadSize: size,
      retryDelays: [0, 300, 600, 1000, 2000, 3000, 3000, 3000],
      headers: { Cookie: cookie },
      metadata: { filename: `${name}.mp4`, purpose: "video" },
      urlStorage,
      onAfterResponse: (req, res) => seen.statuses.push(`${req.getMethod()} ${res.getStatus()}`),
      onShouldRetry: (error) => {
        seen.retries += 1;
        return !error.originalResponse || [409, 460, 503].includes(error.originalResponse.getStatus());
      },
      onProgress: (sent) => {
        seen.longest = Math.max(seen.longest, sent);
        during?.(made, sent, () => resolve({ ...seen, url: made.url, stopped: true }));
      },
      onSuccess: () => resolve({ ...seen, url: made.url, done: true }),
      onError: (error) => resolve({ ...seen, url: made.url, error: error.message }),
      ...options,
    });
    if (options.before) options.before(made).then(() => made.start());
    else made.start();
  });
}

const tell = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);

tell(await upload("pieces", {}));
tell(await upload("with-creation", { uploadDataDuringCreation: true }));
tell(await upload("override", { overridePatchMethod: true }));

// Stopped half-way; another run of the client, which has the address, goes on.
const half = await upload("half", { storeFingerprintForResuming: true, fingerprint: async () => "half" }, (made, sent, stop) => {
  if (sent > size / 2) made.abort().then(stop);
});
tell(half);
tell(await upload("half", { fingerprint: async () => "half", before: async (made) => {
  const found = await made.findPreviousUploads();
  made.resumeFromPreviousUpload(found[0]);
} }));

// Given up for good.
const gone = await upload("gone", {}, (made, sent, stop) => {
  if (sent > size / 2) made.abort(true).then(stop, stop);
});
tell(gone);
const answer = await fetch(gone.url, { method: "HEAD", headers: { Cookie: cookie, "Tus-Resumable": "1.0.0" } });
tell({ name: "after-giving-up", status: answer.status });

// Through a server that dies; whoever reads this line kills it and starts it again.
let told = false;
const slowly = { chunkSize: 1024 * 1024, onBeforeRequest: () => new Promise((go) => setTimeout(go, 100)) };
tell(await upload("killed", slowly, (made, sent) => {
  if (sent > size / 3 && !told) {
    told = true;
    tell({ name: "kill" });
  }
}));

tell(await upload("too-large", { uploadSize: 1e15 }));
