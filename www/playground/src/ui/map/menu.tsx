/** What one can do to a region or an endpoint; each choice becomes a line of the scenario. */
import { useEffect, useRef } from "preact/hooks";
import { act } from "../../model/actions";
import { addStepOpen, device, segment, whyOpen, whyTarget } from "../../model/panels";
import type { Lane, Run } from "../../model/run";
import type { ActionName } from "../../model/scenario";

export interface MenuTarget { region: string; endpoint?: Lane; anchor: { x: number; y: number } }

interface Item { label: string; action: ActionName; extra?: Record<string, unknown> }

function items(replicas: number, endpoint: Lane | undefined): Item[][] {
  const scale: Item[] = endpoint
    ? [{ label: "Replace by a new pod", action: "replace" }]
    : [
      { label: "Scale to 0", action: "scale", extra: { replicas: 0 } },
      { label: "Scale to 1", action: "scale", extra: { replicas: 1 } },
      { label: `Scale to ${replicas}`, action: "scale", extra: { replicas } },
    ];
  return [
    scale,
    [
      { label: "Answer 503 to all", action: "fail", extra: { status: 503 } },
      { label: "Answer 500 to all", action: "fail", extra: { status: 500 } },
      { label: "Answer 503 to 30%", action: "fail", extra: { status: 503, ratio: 0.3 } },
      { label: "Slow down to 800 ms", action: "slow", extra: { latency: "800ms" } },
    ],
    [
      { label: "Refuse connections", action: "refuse" },
      { label: "Accept, never answer", action: "blackhole" },
      { label: "Cut the network", action: "partition" },
    ],
    [
      { label: "Not ready", action: "unready" },
      { label: "Drain", action: "drain" },
      { label: "Restore", action: "restore" },
    ],
  ];
}

export function ActionMenu({ target, run, close }: { target: MenuTarget; run: Run; close: () => void }) {
  const ref = useRef<HTMLDivElement>(null);
  const opener = useRef(document.activeElement);
  useEffect(() => {
    ref.current?.querySelector("button")?.focus();
    const outside = (event: PointerEvent): void => {
      if (!ref.current?.contains(event.target as Node)) close();
    };
    document.addEventListener("pointerdown", outside);
    return () => {
      document.removeEventListener("pointerdown", outside);
      if (opener.current instanceof HTMLElement && opener.current.isConnected) opener.current.focus();
    };
  }, [close]);
  const { region, endpoint, anchor } = target;
  const replicas = Math.max(...[...workloads(run, region).values()], 1);
  const body = endpoint
    ? { cluster: endpoint.cluster, workload: endpoint.workload, endpoints: [endpoint.ordinal] }
    : { region };
  const map = ref.current?.parentElement;
  const left = Math.max(0, Math.min(anchor.x, (map?.clientWidth ?? 600) - 220));
  return (
    <div ref={ref} role="menu" class="popover" aria-label={`Actions on ${endpoint?.name ?? region}`} style={{ left, top: anchor.y }} onKeyDown={(event) => keys(event, close)}>
      <div class="group">{endpoint?.name ?? region}</div>
      <button type="button" role="menuitem" onClick={() => { whyTarget.value = endpoint?.name ?? region; whyOpen.value = true; segment.value = device.value === "phone" ? "why" : segment.value; close(); }}>Why it gets this share</button>
      <hr />
      {items(replicas, endpoint).map((group, index) => (
        <div key={index} role="group">
          {index > 0 && <hr />}
          {group.map(({ label, action, extra }) => (
            <button key={label} type="button" role="menuitem" onClick={() => { act(action, { ...body, ...extra }); close(); }}>{label}</button>
          ))}
        </div>
      ))}
      <hr />
      <button type="button" role="menuitem" aria-haspopup="dialog" onClick={() => { close(); addStepOpen.value = { name: endpoint?.name ?? region, body }; }}>Other numbers</button>
    </div>
  );
}

function workloads(run: Run, region: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const lane of run.lanes) {
    if (lane.region === region && lane.spans[0]?.fromMs === 0) counts.set(lane.workload, (counts.get(lane.workload) ?? 0) + 1);
  }
  return counts;
}

/** Arrow keys go through a menu's items, Escape closes it. */
export function keys(event: KeyboardEvent & { currentTarget: HTMLElement }, close: () => void): void {
  const all = [...event.currentTarget.querySelectorAll<HTMLElement>("[role^=menuitem]")];
  const at = all.indexOf(document.activeElement as HTMLElement);
  const go: Record<string, () => void> = {
    ArrowDown: () => all[(at + 1) % all.length]?.focus(),
    ArrowUp: () => all[(at - 1 + all.length) % all.length]?.focus(),
    Home: () => all[0]?.focus(),
    End: () => all.at(-1)?.focus(),
    Escape: close,
  };
  const move = go[event.key];
  if (event.key === "Tab") close();
  if (!move) return;
  event.preventDefault();
  event.stopPropagation();
  move();
}
