import { galleryOpen, helpOpen, shareOpen, theme, toggleTheme } from "../model/panels";
import { canRedo, canUndo, change, project, redo, undo } from "../model/project";
import { view, type View } from "../model/session";
import { neighbour, position, situations } from "../model/gallery";
import { Icon, Logo } from "./icons";

const VIEWS: [View, string][] = [["native", "Native"], ["router", "Router"], ["compare", "Compare"]];
const VERSIONS = ["1.31", "1.30", "1.29", "1.28", "1.27"];

export function TopBar() {
  return (
    <header class="topbar">
      <a class="brand" href="./" aria-label="mesh-failover playground"><Logo /><strong>mesh-failover</strong></a>
      <span class="rule" />
      <button type="button" class="title" aria-haspopup="dialog" aria-expanded={galleryOpen.value} data-testid="gallery-button" onClick={() => (galleryOpen.value = true)}>
        {project.value.title || "Your manifests"}<Icon name="chevron" />
      </button>
      <Pager />
      <div class="center"><ViewSwitch /></div>
      <label class="istio">Istio
        <select value={project.value.istio} onChange={(event) => change({ ...project.value, istio: event.currentTarget.value })}>
          {[...new Set([project.value.istio, ...VERSIONS])].map((version) => <option key={version} value={version}>{version}</option>)}
        </select>
      </label>
      <span class="rule" />
      <button type="button" class="icon-btn" aria-label="Undo" disabled={!canUndo.value} onClick={undo}><Icon name="undo" /></button>
      <button type="button" class="icon-btn" aria-label="Redo" disabled={!canRedo.value} onClick={redo}><Icon name="redo" /></button>
      <button type="button" class="btn small" aria-haspopup="dialog" data-testid="share-button" onClick={() => (shareOpen.value = true)}><Icon name="link" />Share</button>
      <button type="button" class="icon-btn" aria-label={theme.value === "dark" ? "Light colours" : "Dark colours"} onClick={toggleTheme}><Icon name={theme.value === "dark" ? "sun" : "moon"} /></button>
      <button type="button" class="icon-btn" aria-label="Help and keys" onClick={() => (helpOpen.value = true)}><Icon name="help" /></button>
    </header>
  );
}

export function ViewSwitch() {
  return (
    <div class="segments" role="group" aria-label="Who balances the load">
      {VIEWS.map(([value, label]) => (
        <button key={value} type="button" aria-pressed={view.value === value} onClick={() => (view.value = value)}>{label}</button>
      ))}
    </div>
  );
}

function Pager() {
  const at = position.value;
  if (at === undefined || at === 0) return null;
  return (
    <span class="pager num">
      <button type="button" class="icon-btn" aria-label="Previous situation" onClick={() => neighbour(-1)}><Icon name="left" /></button>
      {at + 1} of {situations.length}
      <button type="button" class="icon-btn" aria-label="Next situation" onClick={() => neighbour(1)}><Icon name="right" /></button>
    </span>
  );
}
