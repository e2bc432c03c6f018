/** The page itself: what was kept or linked, or the guide's situation, and everything that follows it. */
import { effect } from "@preact/signals";
import { render } from "preact";
import { announceChanges } from "./model/announce";
import { asProject, situations } from "./model/gallery";
import { notice } from "./model/files";
import { onKeyDown } from "./model/keys";
import { device, keepTheme } from "./model/panels";
import { keepPlaying, playing } from "./model/playback";
import { project, start } from "./model/project";
import { firstRun, keepRunning } from "./model/session";
import { apply, autosave, decode, saved } from "./model/share";
import { App } from "./ui/app";
import { Boundary } from "./ui/boundary";
import { prepareEditor } from "./ui/editor/area";
import { Embed } from "./ui/embed";
import { numbersArePixels } from "./ui/px";

const embedded = new URLSearchParams(location.search).has("embed");

/** So long nothing is drawn while the first run or the editor is on its way. */
const MOST_WAIT_MS = 1_500;

async function begin(): Promise<void> {
  numbersArePixels();
  const kept = embedded ? undefined : saved();
  const guide = situations[0];
  if (kept) start(kept);
  else if (guide) start(asProject(guide));
  if (location.hash.length > 1) await openHash();
  else playing.value = !kept;
  keepTheme();
  keepRunning();
  announceChanges();
  // While the worker plays, the editor is made; then everything is drawn once. A page without one of them is better than none.
  const editor = embedded || device.value === "phone" ? undefined : prepareEditor().catch(() => undefined);
  await Promise.race([Promise.all([firstRun(), editor]), new Promise((resolve) => setTimeout(resolve, MOST_WAIT_MS))]);
  const root = document.getElementById("app");
  root?.replaceChildren();
  if (root) render(<Boundary>{embedded ? <Embed /> : <App />}</Boundary>, root);
  whenIdle(keepPlaying);
  if (!embedded) effect(() => autosave(project.value));
  document.addEventListener("keydown", onKeyDown);
  addEventListener("hashchange", () => void openHash());
  if ("serviceWorker" in navigator && import.meta.env.PROD) void navigator.serviceWorker.register("./sw.js").catch(() => undefined);
}

/** Time passes once everything is drawn: the frames of a page that still builds itself would only hold it up. */
function whenIdle(begin: () => void): void {
  const LATEST_MS = 1_000;
  // Not every browser says when it is idle.
  if ("requestIdleCallback" in globalThis) requestIdleCallback(begin, { timeout: LATEST_MS });
  else setTimeout(begin, LATEST_MS / 4);
}

async function openHash(): Promise<void> {
  const opened = await decode(location.hash);
  if (opened.ok) apply(opened.state);
  else notice.value = opened.message;
  // The work goes on from here; the link stays what it was.
  if (!embedded) history.replaceState(null, "", location.pathname + location.search);
}

void begin();
