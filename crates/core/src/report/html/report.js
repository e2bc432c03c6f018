// Values under the pointer. Without this script the page is complete, only still.
for (const run of document.querySelectorAll("article")) {
  const { duration, frames } = JSON.parse(run.querySelector(".data").textContent);
  const figure = run.querySelector(".timeline");
  const cursor = run.querySelector(".cursor");
  const plot = run.querySelector(".share .plot");
  const values = [...run.querySelectorAll("[data-share], [data-errors], [data-p99]")];
  const still = values.map((value) => value.textContent);
  const show = (frame) => values.forEach((value, index) => {
    if (!frame) value.textContent = still[index];
    else if ("share" in value.dataset) value.textContent = `${frame[1][value.dataset.share].toFixed(1)} %`;
    else if ("errors" in value.dataset) value.textContent = `${frame[2].toFixed(2)} %`;
    else value.textContent = frame[3] === null ? "–" : `${frame[3]} ms`;
  });
  const leave = () => { cursor.hidden = true; show(null); };
  figure.addEventListener("pointerleave", leave);
  figure.addEventListener("pointermove", (event) => {
    const box = plot.getBoundingClientRect();
    const part = (event.clientX - box.left) / box.width;
    if (part < 0 || part > 1 || frames.length === 0) return leave();
    const at = part * duration;
    const after = frames.findIndex((frame) => frame[0] > at);
    show(frames[after === -1 ? frames.length - 1 : Math.max(after - 1, 0)]);
    cursor.hidden = false;
    cursor.dataset.at = `${(at / 1000).toFixed(1)} s`;
    cursor.style.left = `${event.clientX - figure.getBoundingClientRect().left}px`;
  });
}
