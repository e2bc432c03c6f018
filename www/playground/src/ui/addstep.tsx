/** A step by form: numbers of one's own, and what has no place on the map to click. */
import { useState } from "preact/hooks";
import { act } from "../model/actions";
import { addStepOpen, type StepFor } from "../model/panels";
import { playhead } from "../model/playback";
import { run } from "../model/session";
import type { ActionName } from "../model/scenario";
import { seconds } from "./format";
import { Dialog } from "./dialog";

interface Amount { name: string; unit: string; start: number; least: number; most: number }
interface Choice { label: string; action: ActionName; amounts: Amount[]; body: (...amounts: number[]) => Record<string, unknown> }

const plain = (label: string, action: ActionName): Choice => ({ label, action, amounts: [], body: () => ({}) });
const CHOICES: Choice[] = [
  { label: "scale", action: "scale", amounts: [{ name: "To", unit: "endpoints", start: 0, least: 0, most: 10_000 }], body: (replicas) => ({ replicas }) },
  {
    label: "answer with errors", action: "fail",
    amounts: [{ name: "Status", unit: "", start: 503, least: 400, most: 599 }, { name: "To", unit: "% of requests", start: 100, least: 1, most: 100 }],
    body: (status, percent = 100) => ({ status, ...(percent < 100 ? { ratio: percent / 100 } : {}) }),
  },
  { label: "slow down", action: "slow", amounts: [{ name: "To", unit: "ms", start: 800, least: 1, most: 600_000 }], body: (ms) => ({ latency: `${ms}ms` }) },
  plain("refuse connections", "refuse"), plain("accept, never answer", "blackhole"), plain("lose the network", "partition"),
  plain("become not ready", "unready"), plain("drain", "drain"), plain("be replaced", "replace"), plain("be restored", "restore"),
];

export function AddStep({ target }: { target: StepFor }) {
  const regions = run.value?.regions ?? [];
  const [region, setRegion] = useState(regions[0]?.name ?? "");
  // One endpoint has no number of endpoints.
  const choices = CHOICES.filter(({ action }) => action !== "scale" || target.body?.["endpoints"] === undefined);
  const [picked, setPicked] = useState(0);
  const choice = choices[picked] ?? choices[0]!;
  const [amounts, setAmounts] = useState(choice.amounts.map(({ start }) => start));
  const close = (): void => { addStepOpen.value = undefined; };
  const pick = (index: number): void => {
    setPicked(index);
    setAmounts(choices[index]?.amounts.map(({ start }) => start) ?? []);
  };
  const submit = (event: Event): void => {
    event.preventDefault();
    act(choice.action, { ...(target.body ?? { region }), ...choice.body(...amounts) });
    close();
  };
  return (
    <Dialog label="Add a step" className="add-step" close={close}>
      <form onSubmit={submit}>
        <h2>Add a step at <span class="num">{seconds(playhead.value)}</span></h2>
        {target.name
          ? <p class="add-step-for">{target.name}</p>
          : <label><span>Region</span><select value={region} onChange={(event) => setRegion(event.currentTarget.value)}>{regions.map(({ name }) => <option key={name} value={name}>{name}</option>)}</select></label>}
        <label><span>Shall</span><select value={picked} onChange={(event) => pick(Number(event.currentTarget.value))}>{choices.map(({ label }, index) => <option key={label} value={index}>{label}</option>)}</select></label>
        {choice.amounts.map(({ name, unit, least, most }, index) => (
          <label key={`${choice.label} ${index}`}>
            <span>{name}</span>
            <span class="add-step-amount">
              <input type="number" class="num" required step="1" min={least} max={most} value={amounts[index]} onInput={(event) => setAmounts(amounts.with(index, event.currentTarget.valueAsNumber))} />
              <span class="muted">{unit}</span>
            </span>
          </label>
        ))}
        <div class="dialog-actions"><button type="button" class="btn" onClick={close}>Cancel</button><button type="submit" class="btn">Add step</button></div>
      </form>
    </Dialog>
  );
}
