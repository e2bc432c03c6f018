import { computed } from "@preact/signals";
import { guide, type Column } from "../model/guide";
import { instant, seek } from "../model/playback";
import type { Run } from "../model/run";
import { run, scenario } from "../model/session";
import { ShareBar, VerdictMark } from "./marks";
import { plain, seconds } from "./format";

const columns = computed(() => (run.value && scenario.value ? guide(run.value, scenario.value) : []));

/** How many states fit beside each other. */
const MOST_COLUMNS = 4;

export function GuideTable({ short, tall }: { short?: boolean; tall?: boolean }) {
  const current = run.value;
  const all = columns.value;
  if (!current || all.length === 0) return null;
  const now = instant.value?.ms ?? 0;
  const active = all.findLastIndex(({ measured }) => measured !== undefined && measured.fromMs - 2_000 <= now);
  const first = Math.max(0, Math.min(active - MOST_COLUMNS + 2, all.length - MOST_COLUMNS));
  const shown = all.slice(first, first + MOST_COLUMNS).map((column, index) => ({ column, current: index + first === active }));
  if (short) {
    return (
      <div class="guide-cells">
        {shown.map(({ column, current: isNow }) => (
          <button type="button" key={column.title} aria-current={isNow} onClick={() => seekTo(column)}>
            <span>{column.short}</span>
            <strong class="num">{column.measured ? shares(current, column.measured.shares, 0, Object.keys(column.expected)) : shares(current, column.expected, 0)}</strong>
            <Mark column={column} />
          </button>
        ))}
      </div>
    );
  }
  if (tall) return <TallTable run={current} shown={shown} />;
  return (
    <table class="guide" data-testid="guide">
      <thead>
        <tr>
          <th scope="col">The guide</th>
          {shown.map(({ column, current: isNow }) => (
            <th scope="col" key={column.title} aria-current={isNow}>
              <button type="button" disabled={!column.measured} onClick={() => seekTo(column)}>{column.title}</button>
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        <tr>
          <th scope="row">Expected</th>
          {shown.map(({ column, current: isNow }) => (
            <td key={column.title} aria-current={isNow} class="num">
              <ShareBar shares={column.expected} regions={current.regions} />
              {shares(current, column.expected, 0)}
            </td>
          ))}
        </tr>
        <tr>
          <th scope="row">Measured</th>
          {shown.map(({ column, current: isNow }) => (
            <td key={column.title} aria-current={isNow} class="num">
              <Measured run={current} column={column} />
            </td>
          ))}
        </tr>
      </tbody>
    </table>
  );
}

function TallTable({ run, shown }: { run: Run; shown: { column: Column; current: boolean }[] }) {
  return (
    <table class="guide tall">
      <thead><tr><th scope="col">Cluster state</th><th scope="col">Expected</th><th scope="col">Measured</th></tr></thead>
      <tbody>
        {shown.map(({ column, current }) => (
          <tr key={column.title} aria-current={current}>
            <th scope="row">{column.title}</th><td class="num">{shares(run, column.expected, 0)}</td>
            <td class="num"><span>{column.measured ? shares(run, column.measured.shares, 0, Object.keys(column.expected)) : ""}</span><Mark column={column} /></td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Measured({ run, column: { measured, expected } }: { run: Run; column: Column }) {
  if (!measured) return <span class="muted">not tried yet</span>;
  const took = measured.fails ? "never" : measured.tookMs !== undefined ? `in ${seconds(measured.tookMs)}` : "";
  return (
    <>
      <span class={measured.met ? "" : "err"}>{shares(run, measured.shares, 1, Object.keys(expected))}</span>
      {took && <span class="muted took">{took}</span>}
      <VerdictMark verdict={measured.met ? "met" : "failed"} />
    </>
  );
}

function Mark({ column: { measured } }: { column: Column }) {
  return <VerdictMark verdict={!measured ? "open" : measured.met ? "met" : "failed"} />;
}

function seekTo({ measured }: Column): void {
  if (measured) seek((measured.fromMs + measured.toMs) / 2);
}

/** With more regions, only those that are expected to have a share are told. */
const MOST_TOLD = 3;

function shares(run: Run, values: Record<string, number>, digits: number, told: string[] = Object.keys(values)): string {
  if (run.regions.length > MOST_TOLD) {
    const some = run.regions.filter(({ name }) => told.includes(name)).slice(0, MOST_TOLD);
    return some.map(({ name, letter }) => `${letter} ${digits > 0 ? (values[name] ?? 0).toFixed(digits) : plain(Math.round(values[name] ?? 0))}%`).join(", ");
  }
  return run.regions.map(({ name }) => (digits > 0 ? (values[name] ?? 0).toFixed(digits) : plain(Math.round(values[name] ?? 0)))).join(" / ");
}
