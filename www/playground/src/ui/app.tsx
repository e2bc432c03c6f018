import { addStepOpen, announcement, device, editorOpen, galleryOpen, helpOpen, problemsOpen, leftMode, renderOpen, segment, shareOpen, whyOpen } from "../model/panels";
import { instant } from "../model/playback";
import { crash, diagnostics, restart, run, view } from "../model/session";
import { project } from "../model/project";
import { LeftPanel } from "./editor/panel";
import { GuideTable } from "./guide";
import { Hero } from "./hero";
import { Icon, type IconName } from "./icons";
import { later } from "./later";
import { Legend } from "./legend";
import { TrafficMap } from "./map/map";
import { Phone } from "./phone";
import { Timeline } from "./timeline/timeline";
import { TopBar } from "./topbar";
import { Transport } from "./transport";
import { Why } from "./why";

const AddStep = later(() => import("./addstep").then((part) => part.AddStep));
const Compare = later(() => import("./compare").then((part) => part.Compare));
const Gallery = later(() => import("./gallery").then((part) => part.Gallery));
const Help = later(() => import("./help").then((part) => part.Help));
const Render = later(() => import("./render").then((part) => part.Render));
const Share = later(() => import("./share").then((part) => part.Share));

export function App() {
  return (
    <>
      {device.value === "phone" ? <Phone /> : <Desktop />}
      {galleryOpen.value && <Gallery />}
      {shareOpen.value && <Share />}
      {helpOpen.value && <Help />}
      {renderOpen.value && <Render />}
      {addStepOpen.value && <AddStep target={addStepOpen.value} />}
      <div class="visually-hidden" aria-live="polite">{announcement.value}</div>
    </>
  );
}

function Desktop() {
  const comparing = view.value === "compare";
  const withEditor = editorOpen.value && !comparing;
  return (
    <div class="app">
      <TopBar />
      <Crash />
      <div class="body">
        {withEditor ? <LeftPanel /> : <Rail />}
        {comparing ? <main class="right"><Compare /></main> : (
          <main class="right">
            <div class="upper">
              <div class="stage"><Hero /><GuideTable /><TrafficMap run={run.value} instant={instant.value} /><Legend /></div>
              {whyOpen.value && <Why />}
            </div>
            <div class="lower"><Transport /><Timeline run={run.value} /></div>
          </main>
        )}
      </div>
    </div>
  );
}

function Rail() {
  const worst = diagnostics.value.some(({ severity }) => severity === "error") ? "err" : diagnostics.value.length > 0 ? "warn" : "";
  const show = (after: () => void) => () => { if (view.value === "compare") view.value = "native"; editorOpen.value = true; after(); };
  const items: [IconName, string, () => void, string][] = [
    ["code", "Manifests", show(() => (leftMode.value = "manifests")), ""],
    ["form", "Form", show(() => (leftMode.value = "form")), ""],
    ["list", "Problems", show(() => (problemsOpen.value = true)), worst],
    ["why", "Why", () => { if (view.value === "compare") view.value = "native"; whyOpen.value = !whyOpen.value; }, ""],
  ];
  return (
    <nav class="rail" aria-label="Panels">
      {items.map(([icon, label, onClick, dot]) => (
        <button key={label} type="button" class="icon-btn" aria-label={label} title={label} onClick={onClick}><Icon name={icon} />{dot && <span class={`dot ${dot}`} />}</button>
      ))}
    </nav>
  );
}

export function Crash() {
  if (!crash.value) return null;
  const copy = (): void => void navigator.clipboard.writeText(project.value.files.map(({ text }) => text).join("\n---\n"));
  return (
    <div class="crash" role="alert">
      <span>The simulation stopped. Your manifests are safe. <span class="muted">{crash.value}</span></span>
      <button type="button" class="btn small" onClick={copy}>Copy manifests</button>
      <button type="button" class="btn small" onClick={restart}>Restart</button>
    </div>
  );
}

export { segment };
