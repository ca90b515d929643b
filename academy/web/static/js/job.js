// Polls the background job that a page is waiting for (element `work`), then reloads the page.
const work = document.getElementById("work");
const bar = work?.querySelector("progress");
const text = work?.querySelector(".progress-text");
const note = document.getElementById("work-note");

async function look() {
  let wait = 1000;
  try {
    const answer = await fetch(work.dataset.job, { headers: { Accept: "application/json" } });
    if (answer.ok) {
      const job = await answer.json();
      bar.value = job.permille;
      text.textContent = `${Math.floor(job.permille / 10)}%`;
      if (job.note) note.textContent = job.note;
      if (!["queued", "running"].includes(job.state)) return location.reload();
    } else if (answer.status === 404) {
      // A colleague started this one: its job is not visible to us.
      return setTimeout(() => location.reload(), 5000);
    }
  } catch {
    wait = 4000;
  }
  setTimeout(look, wait);
}

if (work?.dataset.job) look();
