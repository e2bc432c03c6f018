/** A region's endpoints: up to three rows, the worst first, each opens its actions. */
import type { Condition, EndpointNow, RegionNow } from "../../model/run";
import { roundShare, seconds, share, shortName } from "../format";
import { CONDITION_NAMES } from "../conditions";
import { color, ConditionMark } from "../marks";
import { fanPath, FULL, type Band, type Layout } from "./geometry";
import { anchorOf } from "./map";
import type { MenuTarget } from "./menu";

const WORST: Condition["kind"][] = ["failing", "ejected", "draining", "unready", "slow", "ramping", "healthy", "gone"];

interface Props { region: RegionNow; band: Band; layout: Layout; setMenu: (menu: MenuTarget) => void }

export function Endpoints({ region, band, layout, setMenu }: Props) {
  if (band.rows.length === 0) return null;
  const shown = choose(region.endpoints, band.rows.length);
  return (
    <>
      <Fan {...{ region, band, layout, shown }} />
      <ul aria-label={`Endpoints of ${region.region.name}`}>
        {shown.map((endpoint, index) => {
          const row = band.rows[index];
          if (!row) return null;
          const { lane, condition } = endpoint;
          const style = { left: row.x - band.x - 1, top: row.y - band.y - 1, width: row.width, height: row.height };
          return (
            <li key={lane.name}>
              <button type="button" class={`endpoint ${condition.kind}${layout.vertical ? " vertical" : ""}`} style={style} aria-haspopup="menu"
                onClick={(event) => setMenu({ region: region.region.name, endpoint: lane, anchor: anchorOf(event.currentTarget) })}>
                <ConditionMark kind={condition.kind} ink={color(region.region)} />
                <span class="mono endpoint-name">{layout.vertical || layout.width < 520 || condition.kind === "failing" || condition.kind === "ramping" ? shortName(lane) : lane.name}<span class="visually-hidden">: {CONDITION_NAMES[condition.kind]}, </span></span>
                <Note {...endpoint} short={layout.vertical} />
              </button>
            </li>
          );
        })}
      </ul>
    </>
  );
}

function Note({ condition, share: own, short }: EndpointNow & { short: boolean }) {
  switch (condition.kind) {
    case "gone": return <span class="note muted">{short ? "gone" : "scaled to 0"}</span>;
    case "ejected": return <span class="note muted num">{condition.untilMs === undefined || short ? "ejected" : `until ${seconds(condition.untilMs)}`}</span>;
    case "ramping": return <><span class="note muted num">{roundShare(Math.round(condition.percent))}</span>{own !== undefined && <span class="num">{share(own)}</span>}</>;
    case "unready": return <span class="note muted">not ready</span>;
    case "draining": return <span class="note muted">leaving</span>;
    case "failing": return <><span class="note err num">{condition.label}</span>{own !== undefined && <span class="num">{share(own)}</span>}</>;
    default: return own === undefined ? null : <span class="note num">{share(own)}</span>;
  }
}

/** The worst first when not all fit, otherwise in their own order. */
function choose(endpoints: EndpointNow[], rows: number): EndpointNow[] {
  if (endpoints.length <= rows) return endpoints;
  const chosen: EndpointNow[] = [];
  for (const kind of WORST) {
    for (const endpoint of endpoints) {
      if (endpoint.condition.kind !== kind) continue;
      chosen.push(endpoint);
      if (chosen.length === rows) return chosen;
    }
  }
  return chosen;
}

function Fan({ region, band, layout, shown }: Omit<Props, "setMenu"> & { shown: EndpointNow[] }) {
  const all = shown.reduce((sum, { share }) => sum + (share ?? 0), 0);
  const length = (region.weight / 100) * FULL;
  let at = -length / 2;
  return (
    <svg class="fan" width={layout.width} height={layout.height} style={{ left: -band.x - 1, top: -band.y - 1 }} aria-hidden="true">
      {shown.map(({ lane, condition, share }, index) => {
        const row = band.rows[index];
        if (!row) return null;
        const width = all > 0 ? ((share ?? 0) / all) * length : share === undefined ? length / shown.length : 0;
        const place = at + width / 2;
        at += width;
        const path = fanPath(layout, band, width > 0 ? place : 0, row);
        if (width < 0.3) return <path key={lane.name} class="flow-none" d={path} />;
        const failing = condition.kind === "failing";
        return (
          <path key={lane.name} d={path} fill="none" stroke={failing ? "url(#stripes-err)" : `var(--${region.region.token}-fill)`}
            stroke-opacity={failing ? 1 : "var(--flow)"} stroke-width={Math.max(width, 1.5)} />
        );
      })}
    </svg>
  );
}
