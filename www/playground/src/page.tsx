/** The page itself: what was kept or linked, or the guide's situation, and everything that follows it. */
import { effect } from "@preact/signals";
import { render } from "preact";
import { announceChanges } from "./model/announce";
import { asProject, situations } from "./model/gallery";
import { notice } from "./model/files";
import { onKeyDown } from "./model/keys";
import { keepTheme } from "./model/panels";
import { keepPlaying, playing } from "./model/playback";
import { project, start } from "./model/project";
import { keepRunning } from "./model/session";
import { apply, autosave, decode, saved } from "./model/share";
import { App } from "./ui/app";
import { Boundary } from "./ui/boundary";
import { Embed } from "./ui/embed";
import { numbersArePixels } from "./ui/px";

const embedded = new URLSearchParams(location.search).has("embed");

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
  keepPlaying();
  announceChanges();
  const root = document.getElementById("app");
  root?.replaceChildren();
  if (root) render(<Boundary>{embedded ? <Embed /> : <App />}</Boundary>, root);
  if (!embedded) effect(() => autosave(project.value));
  document.addEventListener("keydown", onKeyDown);
  addEventListener("hashchange", () => void openHash());
  if ("serviceWorker" in navigator && import.meta.env.PROD) void navigator.serviceWorker.register("./sw.js").catch(() => undefined);
}

async function openHash(): Promise<void> {
  const opened = await decode(location.hash);
  if (opened.ok) apply(opened.state);
  else notice.value = opened.message;
  // The work goes on from here; the link stays what it was.
  if (!embedded) history.replaceState(null, "", location.pathname + location.search);
}

void begin();
