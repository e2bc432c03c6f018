/** The chart as a table, for those who do not see it. */
import { memo } from "./memo";
import type { Run } from "../../model/run";
import { millis, seconds, share } from "../format";

export const DataTable = memo(({ run }: { run: Run }) => (
  <div class="visually-hidden"><table>
    <caption>The run from step to step</caption>
    <thead>
      <tr><th>From</th><th>To</th><th>Steps</th>{run.regions.map(({ name }) => <th key={name}>{name}</th>)}<th>Failed</th><th>p99</th></tr>
    </thead>
    <tbody>
      {run.report.phases.map((phase) => (
        <tr key={phase.fromMs}>
          <td>{seconds(phase.fromMs)}</td><td>{seconds(phase.toMs)}</td><td>{phase.steps.join(", ")}</td>
          {run.regions.map(({ name }) => <td key={name}>{share(phase.regions[name]?.share ?? 0)}</td>)}
          <td>{phase.total.errors} of {phase.total.requests}</td><td>{millis(phase.total.p99Ms)}</td>
        </tr>
      ))}
    </tbody>
  </table></div>
));
