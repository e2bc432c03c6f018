/** The run as Markdown, for a review or an incident channel. */
import { project } from "./project";
import { run, scenario } from "./session";
import { guide } from "./guide";
import { plain, seconds } from "../ui/format";

export function markdown(link: string): string {
  const current = run.value;
  const plan = scenario.value;
  const title = project.value.title || plan?.name || "Failover run";
  if (!current || !plan) return `[${title}](${link})\n`;
  const regions = current.regions.map(({ name }) => name);
  const shares = (values: Record<string, number>): string => regions.map((name) => plain(values[name] ?? 0)).join(" / ");
  const rows = guide(current, plan).map(({ title: state, expected, measured }) =>
    `| ${state} | ${shares(expected)} | ${measured ? shares(measured.shares) : "not tried"} | ${measured?.tookMs === undefined ? "" : seconds(measured.tookMs)} | ${measured ? (measured.met ? "met" : "**failed**") : ""} |`);
  const { total, seed } = current.report;
  return [
    `### ${title}`, "",
    `Share of ${regions.join(" / ")} in percent; ${total.errors} of ${total.requests} requests failed (seed ${seed}).`, "",
    "| cluster state | expected | measured | took | |", "|---|---|---|---|---|", ...rows, "",
    `[Open in the playground](${link})`, "",
  ].join("\n");
}
