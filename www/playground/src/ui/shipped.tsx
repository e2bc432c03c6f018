import type { Run } from "../model/run";
import { shipped } from "../model/session";
import { count } from "./format";

/** Lets the module that a gateway would load decide, and says whether it decides as simulated. */
export function ShippedFilter({ run }: { run: Run | undefined }) {
  const decided = shipped.value ? run?.filter : undefined;
  return (
    <label class="shipped num" title="Runs region_router.wasm, the module that a gateway loads, in a Proxy-Wasm host in this page">
      <input type="checkbox" checked={shipped.value} onChange={(event) => (shipped.value = event.currentTarget.checked)} />
      region_router.wasm
      {decided && <span class={decided.differences > 0 ? "err" : "ok"} data-testid="shipped" title={decided.examples.join("\n") || "Every decision is the one that the simulator's own router makes"}>{said(decided.decisions, decided.differences)}</span>}
    </label>
  );
}

function said(decisions: number, differences: number): string {
  if (decisions === 0) return "was not asked";
  return differences === 0 ? `${count(decisions)} as simulated` : `${count(differences)} of ${count(decisions)} differ`;
}
