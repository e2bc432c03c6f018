/** For other people's pages: the sentence, the map, the table, one line of why, and the way to the whole. */
import { hero } from "../model/hero";
import { instant } from "../model/playback";
import { run } from "../model/session";
import { why } from "../model/why";
import { encode } from "../model/share";
import { GuideTable } from "./guide";
import { PrimaryButton } from "./hero";
import { Icon, Logo } from "./icons";
import { TrafficMap } from "./map/map";
import { Timeline } from "./timeline/timeline";
import { Clock, PlayButton } from "./transport";

export function Embed() {
  const now = hero.value;
  const open = async (): Promise<void> => void window.open(`./#${await encode()}`, "_blank", "noopener");
  return (
    <main class="page-embed">
      <div class="hero"><div><h1 class={now?.fails ? "err" : ""}>{now?.title ?? "Simulating"}</h1><p class="num">{now?.detail}</p></div><PrimaryButton primary={now?.primary} /></div>
      <div class="embed-main">
        <TrafficMap run={run.value} instant={instant.value} compact />
        <div class="embed-side"><GuideTable tall /><p><strong>Why</strong> {why.value?.lead}</p></div>
      </div>
      <Timeline run={run.value} density="embed" />
      <footer class="embed-foot"><PlayButton /><Clock /><span class="spacer" /><Logo /><strong>mesh-failover</strong><span class="rule" />
        <button type="button" class="text-btn" onClick={() => void open()}>Open in playground <Icon name="external" /></button></footer>
    </main>
  );
}
