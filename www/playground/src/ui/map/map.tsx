/** The instant: the gateway, the regions, their endpoints, and what flows where. */
import { signal } from "@preact/signals";
import { useState } from "preact/hooks";
import { playing } from "../../model/playback";
import type { Instant, RegionNow, Run } from "../../model/run";
import { reading, scenario, stale } from "../../model/session";
import { room } from "../../model/panels";
import { workersOf } from "../../model/topology";
import { rate, roundShare } from "../format";
import { Badge, color } from "../marks";
import { useWidth } from "../width";
import { ActionMenu, type MenuTarget } from "./menu";
import { Endpoints } from "./endpoints";
import { Flow } from "./flow";
import { bandLayout, columnLayout, crossPath, dashOffsets, FULL, localPath, type Band, type Layout } from "./geometry";

export const hovered = signal<string | undefined>(undefined);

interface Props { run: Run | undefined; instant: Instant | undefined; vertical?: boolean; compact?: boolean; gatewayNote?: string }

export function TrafficMap({ run, instant, vertical = false, compact = false, gatewayNote }: Props) {
  const [ref, width] = useWidth();
  const [menu, setMenu] = useState<MenuTarget | undefined>(undefined);
  if (!run || !instant) return <div ref={ref} class="map skeleton" style={{ height: 280 }} aria-busy="true" />;
  const home = Math.max(0, run.regions.findIndex(({ name }) => name === run.gatewayRegion));
  const wanted = { width, regions: run.regions.length, home, compact, room: room.value };
  const layout = vertical && run.regions.length <= 3 ? columnLayout(wanted) : bandLayout(wanted);
  const perSecond = rateAt(instant.ms);
  return (
    <div ref={ref} class={`map${stale.value ? " stale" : ""}`} style={{ height: layout.height }} data-playing={playing.value} data-testid="map">
      {width > 0 && (
        <>
          <ul aria-label="Regions">
            {instant.regions.map((region, index) => {
              const band = layout.bands[index];
              return band && <RegionBand key={region.region.name} {...{ region, band, layout, compact, perSecond, setMenu }} />;
            })}
          </ul>
          <Flows {...{ layout, instant, home, perSecond }} />
          <Gateway {...{ layout, perSecond, compact }} note={gatewayNote} />
          {instant.regions.map(({ region, weight }, index) => {
            const band = layout.bands[index];
            return band && <RatePill key={region.name} {...{ layout, band, weight, perSecond, compact, local: index === home }} />;
          })}
          {menu && <ActionMenu target={menu} run={run} close={() => setMenu(undefined)} />}
        </>
      )}
    </div>
  );
}

/** Requests a second as the scenario says for an instant, over all gateways. */
function rateAt(ms: number): number {
  const rates = (scenario.value?.steps ?? []).filter(({ action, atMs }) => action === "rate" && atMs <= ms).sort((a, b) => a.atMs - b.atMs);
  const ofOne = ({ cluster, rate }: { cluster: string; rate: number }): number => rates.findLast(({ gateway }) => gateway === undefined || gateway === cluster)?.rate ?? rate;
  return (scenario.value?.gateways ?? []).reduce((sum, gateway) => sum + ofOne(gateway), 0);
}

interface BandProps { region: RegionNow; band: Band; layout: Layout; compact: boolean; perSecond: number; setMenu: (menu: MenuTarget) => void }

function RegionBand({ region, band, layout, compact, setMenu }: BandProps) {
  const { name } = region.region;
  const hidden = region.endpoints.length - band.rows.length;
  return (
    <li class="band" style={{ left: band.x, top: band.y, width: band.width, height: band.height, "--region": color(region.region) }}
      onPointerEnter={() => (hovered.value = name)} onPointerLeave={() => (hovered.value = undefined)}>
      <button type="button" class="band-head" onClick={(event) => setMenu({ region: name, anchor: anchorOf(event.currentTarget) })} aria-haspopup="menu">
        <Badge region={region.region} />
        <span class="region-name">{name}<span class="visually-hidden">: {roundShare(region.weight)} of traffic, {region.usable} of {region.endpoints.length} endpoints usable. Actions</span></span>
      </button>
      {!layout.vertical && !compact && <span class="band-where muted">{band.slim ? `${region.usable} of ${region.endpoints.length} usable` : region.region.where}{!band.slim && hidden > 0 ? `, +${hidden}` : ""}</span>}
      <span class="band-share num">{roundShare(region.weight)}</span>
      <Endpoints {...{ region, band, layout, setMenu }} />
    </li>
  );
}

export function anchorOf(element: HTMLElement): { x: number; y: number } {
  const map = element.closest(".map")?.getBoundingClientRect();
  const own = element.getBoundingClientRect();
  return { x: own.left - (map?.left ?? 0), y: own.bottom - (map?.top ?? 0) + 4 };
}

function Flows({ layout, instant, home, perSecond }: { layout: Layout; instant: Instant; home: number; perSecond: number }) {
  const others = instant.regions.map((region, index) => ({ region, index })).filter(({ index }) => index !== home);
  const exits = exitsOf(layout, others.map(({ region }) => region.weight));
  const own = layout.bands[home];
  return (
    <svg class="flows" width={layout.width} height={layout.height} aria-hidden="true">
      <Stripes />
      {own && !layout.vertical && <Clients layout={layout} perSecond={perSecond} />}
      {instant.regions.map((region, index) => {
        const band = layout.bands[index];
        if (!band) return null;
        const exit = exits[others.findIndex((other) => other.index === index)] ?? 0;
        const path = (offset: number): string => index === home ? localPath(layout, band, offset) : crossPath(layout, band, exit, offset);
        const dim = hovered.value !== undefined && hovered.value !== region.region.name;
        return (
          <g key={region.region.name} opacity={dim ? 0.4 : 1}>
            <Flow path={path} share={region.weight} perSecond={(perSecond * region.weight) / 100} ink={color(region.region)}
              fill={`var(--${region.region.token}-fill)`} errorRate={0} />
            <Bar layout={layout} band={band} share={region.weight} ink={color(region.region)} />
          </g>
        );
      })}
    </svg>
  );
}

/** Where cross-region flows leave the gateway's lower side: none over another, the nearest region rightmost. */
function exitsOf(layout: Layout, weights: number[]): number[] {
  const side = layout.vertical ? layout.gateway.height : layout.gateway.width;
  const widths = weights.map((weight) => Math.max((weight / 100) * FULL, 3) + (layout.slim ? 2 : 4));
  const all = widths.reduce((sum, width) => sum + width, 0);
  // On a bus, names stand to the left.
  let at = layout.slim ? side - 6 : side / 2 + all / 2;
  return widths.map((width) => {
    at -= width;
    return at + width / 2;
  });
}

function Clients({ layout, perSecond }: { layout: Layout; perSecond: number }) {
  const y = layout.gateway.y + layout.gateway.height / 2;
  const path = (offset: number): string => `M0 ${y + offset}H${layout.gateway.x}`;
  return (
    <g class="clients">
      <path d={path(0)} fill="none" stroke="var(--ink-3)" stroke-opacity="0.22" stroke-width={FULL} />
      {dashOffsets(FULL).map((offset, line) => (
        <path key={line} class="dash" d={path(offset)} stroke="var(--ink-2)" style={{ animationDuration: `${16 / Math.max(20 * Math.log10(Math.max(perSecond, 2)), 8)}s`, animationDelay: `${-0.37 * line}s` }} />
      ))}
    </g>
  );
}

function Bar({ layout, band, share, ink }: { layout: Layout; band: Band; share: number; ink: string }) {
  const length = Math.min((share / 100) * FULL, FULL);
  const full = band.slim ? 30 : FULL;
  const shown = Math.min(length, full);
  if (layout.vertical) {
    return (
      <g>
        <rect x={band.bar.x - FULL / 2} y={band.bar.y - 3} width={FULL} height="6" rx="3" fill="var(--line)" />
        {share > 0 && <rect x={band.bar.x - length / 2} y={band.bar.y - 3} width={length} height="6" rx="3" fill={ink} />}
      </g>
    );
  }
  return (
    <g>
      <rect x={band.bar.x - 3} y={band.bar.y - full / 2} width="6" height={full} rx="3" fill="var(--line)" />
      {share > 0 && <rect x={band.bar.x - 3} y={band.bar.y - shown / 2} width="6" height={Math.max(shown, 2)} rx={Math.min(3, shown / 2)} fill={ink} />}
    </g>
  );
}

export function Stripes() {
  return (
    <defs>
      <pattern id="stripes-err" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
        <rect width="6" height="6" fill="var(--err)" fill-opacity="0.18" />
        <rect width="2.4" height="6" fill="var(--err)" />
      </pattern>
      <pattern id="hatch" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
        <rect width="1.2" height="5" fill="var(--ink-3)" />
      </pattern>
    </defs>
  );
}

function Gateway({ layout, perSecond, compact, note }: { layout: Layout; perSecond: number; compact: boolean; note?: string | undefined }) {
  const { x, y, width, height } = layout.gateway;
  const clusters = (scenario.value?.gateways ?? []).map(({ cluster }) => cluster);
  const workers = clusters.reduce((sum, cluster) => sum + workersOf(reading.value.clusters, cluster), 0);
  const small = compact || layout.vertical;
  const name = small || width < 150 ? "ingressgateway" : "istio-ingressgateway";
  return (
    <>
      {!layout.vertical && !compact && <span class="clients-label muted" style={{ left: 14, top: y - 15 }}>Clients</span>}
      <div class="gateway" style={{ left: x, top: y, width, height }}>
        <strong title={clusters.join(", ")}>{clusters.length > 1 ? `${clusters.length} gateways` : name}</strong>
        {clusters.length > 1 && !small && <span class="muted gateway-names">{clusters.join(", ")}</span>}
        <span class="muted num">{small ? rate(perSecond) : `${note ?? `${workers} workers`}, ${rate(perSecond)}`}</span>
      </div>
    </>
  );
}

function RatePill({ layout, band, weight, perSecond, compact, local }: { layout: Layout; band: Band; weight: number; perSecond: number; compact: boolean; local: boolean }) {
  const value = (perSecond * weight) / 100;
  if (layout.vertical && weight < 0.05) return null;
  const from = layout.gateway.x + layout.gateway.width;
  const place = layout.vertical
    ? { left: band.bar.x, top: local ? band.bar.y - 24 : band.bar.y - 28 }
    : { left: local ? (from + band.bar.x) / 2 : Math.max((from + band.bar.x) / 2, from + 10), top: band.bar.y };
  return <span class="pill num" style={place}>{compact && weight < 0.05 ? "0" : rate(value)}</span>;
}
