import { whyOpen, whyTarget } from "../model/panels";
import { instant, playhead, seek } from "../model/playback";
import { type Focus, focus, ledHere, why } from "../model/why";
import { Icon } from "./icons";
import { Badge } from "./marks";
import { seconds } from "./format";
import { PlaceLink } from "./editor/problems";

export function Why({ close = true }: { close?: boolean }) {
  const now = instant.value;
  const told = why.value;
  return (
    <aside class="why" aria-label="Why" data-testid="why">
      <div class="why-head">
        <h2>Why</h2><span class="muted num">at {seconds(playhead.value)}</span><span class="spacer" />
        {close && <button type="button" class="icon-btn" aria-label="Close Why" onClick={() => (whyOpen.value = false)}><Icon name="close" /></button>}
      </div>
      {now && told && (
        <div class="why-body">
          <p class="why-lead">{told.lead}</p>
          {told.formula && <div class="formula"><span class="muted">{told.formula.name}</span><code>{told.formula.text}</code></div>}
          <ul class="arithmetic mono num">
            {told.lines.map((line) => (
              <li key={line.region.name}><Badge region={line.region} /><span>{line.text}</span><strong>{line.result}</strong>{line.place ? <PlaceLink {...line.place} /> : <span />}</li>
            ))}
            {told.sum && <li class="muted"><span /><span>{told.sum.text}</span><strong>{told.sum.result}</strong><span /></li>}
          </ul>
          <dl class="facts">
            {told.facts.map(({ name, value, bad, place }) => (
              <div key={name}><dt>{name}</dt><dd class={bad ? "err num" : "num"}><span>{value}</span>{place && <PlaceLink {...place} />}</dd></div>
            ))}
          </dl>
          {focus.value && <FocusPart {...focus.value} />}
          <h3>What led here</h3>
          <ol class="led num">
            {ledHere.value.map(({ atMs, text }, index) => (
              <li key={index}><button type="button" onClick={() => seek(atMs)}><span class="muted">{(atMs / 1_000).toFixed(2)} s</span><span>{text}</span></button></li>
            ))}
          </ol>
        </div>
      )}
    </aside>
  );
}

function FocusPart({ name, facts, history }: Focus) {
  return (
    <section class="focus" aria-label={name}>
      <div class="focus-head"><h3 class="mono">{name}</h3><button type="button" class="icon-btn" aria-label={`Close ${name}`} onClick={() => (whyTarget.value = undefined)}><Icon name="close" /></button></div>
      <dl class="facts">
        {facts.map(({ name: what, value, bad }) => <div key={what}><dt>{what}</dt><dd class={bad ? "err num" : "num"}><span>{value}</span></dd></div>)}
      </dl>
      <ol class="led num">
        {history.map(({ atMs, text }, index) => (
          <li key={index}><button type="button" onClick={() => seek(atMs)}><span class="muted">{(atMs / 1_000).toFixed(2)} s</span><span>{text}</span></button></li>
        ))}
        {history.length === 0 && <li class="muted">Nothing happened to it so far.</li>}
      </ol>
    </section>
  );
}
