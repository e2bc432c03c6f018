import { diagnostics } from "../model/session";
import { hero } from "../model/hero";
import { galleryOpen, helpOpen, segment, shareOpen, toggleTheme, theme, type Segment } from "../model/panels";
import { canUndo, undo } from "../model/project";
import { instant } from "../model/playback";
import { run, view } from "../model/session";
import { useState } from "preact/hooks";
import { Crash } from "./app";
import { LeftPanel } from "./editor/panel";
import { GuideTable } from "./guide";
import { PrimaryButton } from "./hero";
import { Icon, Logo } from "./icons";
import { TrafficMap } from "./map/map";
import { later } from "./later";
import { Menu } from "./menu";
import { Timeline } from "./timeline/timeline";
import { PlayButton } from "./transport";
import { Why } from "./why";

const SEGMENTS: [Segment, string][] = [["run", "Run"], ["manifests", "Manifests"], ["why", "Why"]];

const Compare = later(() => import("./compare").then((part) => part.Compare));

export function Phone() {
  const now = hero.value;
  const [menu, setMenu] = useState(false);
  const worst = diagnostics.value.some(({ severity }) => severity === "error") ? "err" : diagnostics.value.length > 0 ? "warn" : "";
  return (
    <div class="page-phone">
      <header class="phone-bar">
        <Logo /><strong>mesh-failover</strong><span class="spacer" />
        <button type="button" class="icon-btn" aria-label="Share" onClick={() => (shareOpen.value = true)}><Icon name="link" /></button>
        <span class="menu-anchor">
          <button type="button" class="icon-btn" aria-label="Menu" aria-haspopup="menu" aria-expanded={menu} onClick={() => setMenu(!menu)}><Icon name="menu" /></button>
          {menu && <Menu label="Menu" close={() => setMenu(false)} items={[
            { label: "Situations", run: () => (galleryOpen.value = true) },
            { label: view.value === "native" ? "Show the router" : "Show native", run: () => (view.value = view.value === "native" ? "router" : "native") },
            { label: "Compare", run: () => (view.value = "compare") },
            ...(canUndo.value ? [{ label: "Undo", run: undo }] : []),
            { label: theme.value === "dark" ? "Light colours" : "Dark colours", run: toggleTheme },
            { label: "Help", run: () => (helpOpen.value = true) },
          ]} />}
        </span>
      </header>
      <nav class="phone-segments" aria-label="Parts"><div class="segments wide">
        {SEGMENTS.map(([value, label]) => (
          <button key={value} type="button" aria-pressed={segment.value === value} onClick={() => (segment.value = value)}>{label}{value === "manifests" && worst && <span class={`dot ${worst}`} />}</button>
        ))}
      </div></nav>
      <Crash />
      <main class="phone-main">
        {segment.value === "run" && (view.value === "compare" ? <Compare /> : (
          <>
            <div class="hero"><div><h1 class={now?.fails ? "err" : ""}>{now?.title ?? "Simulating"}</h1><p class="num">{now?.detail}</p></div></div>
            <GuideTable short />
            <TrafficMap run={run.value} instant={instant.value} vertical={(run.value?.regions.length ?? 0) <= 2} />
            <Timeline run={run.value} density="phone" />
          </>
        ))}
        {segment.value !== "run" && <h1 class="visually-hidden">{segment.value === "why" ? "Why" : "Manifests"}</h1>}
        {segment.value === "manifests" && <LeftPanel />}
        {segment.value === "why" && <Why close={false} />}
      </main>
      <footer class="phone-foot"><PlayButton /><PrimaryButton primary={now?.primary} /></footer>
    </div>
  );
}
