/* The reviewer's player: it plays, and a tap on a line of the transcript goes there. It records nothing. */

const video = document.querySelector("[data-preview] video");
if (video) {
  const address = video.dataset.playlist;
  if (window.Hls?.isSupported()) {
    const hls = new Hls();
    hls.loadSource(address);
    hls.attachMedia(video);
  } else {
    video.src = address;
  }
  for (const cue of document.querySelectorAll(".cue")) {
    cue.addEventListener("click", () => {
      video.currentTime = Number(cue.dataset.at) / 1000;
      video.play().catch(() => {});
    });
  }
}
