/** Small signs: a region's badge, a verdict, an endpoint's state; each differs in shape before it differs in colour. */
import type { Severity } from "../core/types";
import type { Condition, Region } from "../model/run";

export function color(region: Region): string {
  return `var(--${region.token})`;
}

export function Badge({ region, small }: { region: Region; small?: boolean }) {
  const hatch = region.repeats
    ? "repeating-linear-gradient(45deg, rgb(255 255 255 / 0.28) 0 2px, transparent 2px 5px)," : "";
  return (
    <span class={small ? "badge small" : "badge"} style={{ background: `${hatch}${color(region)}` }} aria-hidden="true">
      {region.letter}
    </span>
  );
}

export function VerdictMark({ verdict }: { verdict: "met" | "failed" | "open" }) {
  const label = { met: "met", failed: "failed", open: "not tried yet" }[verdict];
  return (
    <svg class="verdict" viewBox="0 0 18 18" role="img" aria-label={label}>
      <VerdictShape verdict={verdict} />
    </svg>
  );
}

/** Inside an svg, around 9,9. */
export function VerdictShape({ verdict }: { verdict: "met" | "failed" | "open" }) {
  if (verdict === "open") return <circle cx="9" cy="9" r="7" fill="none" stroke="var(--control)" stroke-width="1.5" />;
  const mark = verdict === "met" ? "M5.4 9.3 8 11.8l4.6-5.2" : "M6.2 6.2l5.6 5.6M11.8 6.2l-5.6 5.6";
  return (
    <>
      <circle cx="9" cy="9" r="8" fill={verdict === "met" ? "var(--ok)" : "var(--err)"} />
      <path d={mark} fill="none" stroke="var(--on-region)" stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round" />
    </>
  );
}

export function SeverityMark({ severity }: { severity: Severity }) {
  const shapes = {
    error: { d: "M5.2 1.8h5.6l3.4 3.4v5.6l-3.4 3.4H5.2l-3.4-3.4V5.2zM5.8 5.8l4.4 4.4M10.2 5.8l-4.4 4.4", ink: "var(--err)" },
    warning: { d: "M8 2.2 14.4 13.4H1.6zM8 6.4v3.4M8 11.6v.1", ink: "var(--warn)" },
    note: { d: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM8 7.4v3.4M8 5.2v.1", ink: "var(--ink-3)" },
  }[severity];
  return (
    <svg class="icon" viewBox="0 0 16 16" fill="none" stroke={shapes.ink} stroke-width="1.4" stroke-linecap="round" stroke-linejoin="round" role="img" aria-label={severity}>
      <path d={shapes.d} />
    </svg>
  );
}


/** A 12 px shape for a state; `ink` is the region's colour. */
export function ConditionMark({ kind, ink }: { kind: Condition["kind"]; ink: string }) {
  return (
    <svg width="12" height="12" viewBox="0 0 12 12" fill="none" aria-hidden="true" style={{ flex: "none" }}>
      {shape(kind, ink)}
    </svg>
  );
}

function shape(kind: Condition["kind"], ink: string) {
  switch (kind) {
    case "healthy": return <circle cx="6" cy="6" r="5.5" fill={ink} />;
    case "ramping": return <><circle cx="6" cy="6" r="5" stroke={ink} stroke-width="1.4" /><path d="M6 1a5 5 0 0 1 0 10z" fill={ink} /></>;
    case "draining": return <><circle cx="6" cy="6" r="5" stroke={ink} stroke-width="1.4" /><path d="M6 3.2v5M4 6.4l2 2 2-2" stroke={ink} stroke-width="1.3" /></>;
    case "unready": return <circle cx="6" cy="6" r="5" stroke={ink} stroke-width="1.5" stroke-dasharray="2.4 1.6" />;
    case "slow": return <><circle cx="6" cy="6" r="5" stroke={ink} stroke-width="1.4" /><path d="M6 3v3.2l2 1.4" stroke={ink} stroke-width="1.3" /></>;
    case "ejected": return <><circle cx="6" cy="6" r="5" stroke="var(--ink-2)" stroke-width="1.4" /><path d="M2.6 9.4l6.8-6.8" stroke="var(--ink-2)" stroke-width="1.4" /></>;
    case "failing": return <><rect x="0.5" y="0.5" width="11" height="11" rx="2" fill="var(--err)" /><path d="M3.6 3.6l4.8 4.8M8.4 3.6l-4.8 4.8" stroke="var(--on-region)" stroke-width="1.5" /></>;
    case "gone": return <path d="M1.5 6h9" stroke="var(--control)" stroke-width="1.6" />;
  }
}

export function ShareBar({ shares, regions }: { shares: Record<string, number>; regions: Region[] }) {
  return (
    <span class="share-bar" aria-hidden="true">
      {regions.map((region) => {
        const share = shares[region.name] ?? 0;
        return share > 0 ? <span key={region.name} style={{ flexGrow: share, background: color(region) }} /> : null;
      })}
      <span style={{ flexGrow: Math.max(0, 100 - Object.values(shares).reduce((sum, share) => sum + share, 0)), background: "var(--line-2)" }} />
    </span>
  );
}
