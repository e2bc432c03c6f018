import { bringRegionBack, takeRegionDown } from "../model/actions";
import { applyFix } from "../model/fixes";
import { hero, type Primary } from "../model/hero";
import { Icon } from "./icons";

export function Hero() {
  const now = hero.value;
  if (!now) return <div class="hero skeleton" aria-busy="true"><h1>Simulating</h1></div>;
  return (
    <div class="hero">
      <div>
        <h1 class={now.fails ? "err" : ""}>{now.title}</h1>
        <p class="num">{now.detail}</p>
      </div>
      <PrimaryButton primary={now.primary} />
    </div>
  );
}

export function doPrimary(primary: Primary | undefined): void {
  if (!primary) return;
  if (primary.kind === "fix") applyFix(primary.diagnostic);
  else if (primary.kind === "down") takeRegionDown(primary.region);
  else bringRegionBack(primary.region);
}

export function PrimaryButton({ primary }: { primary: Primary | undefined }) {
  if (!primary) return null;
  const label = primary.kind === "fix" ? primary.diagnostic.fix?.title ?? "Fix"
    : primary.kind === "down" ? `Take ${primary.region} down` : `Bring ${primary.region} back`;
  return (
    <button type="button" class="btn primary" data-testid="primary" onClick={() => doPrimary(primary)}>
      <Icon name={primary.kind === "fix" ? "wand" : "power"} />
      <span class="region-name">{label}</span>
      {primary.kind !== "fix" && <kbd>D</kbd>}
    </button>
  );
}
