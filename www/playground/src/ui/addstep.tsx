/** A step by form, for what has no place on the map to click. */
import { useState } from "preact/hooks";
import { act } from "../model/actions";
import { addStepOpen } from "../model/panels";
import { playhead } from "../model/playback";
import { run } from "../model/session";
import type { ActionName } from "../model/scenario";
import { seconds } from "./format";
import { Dialog } from "./dialog";

const CHOICES: [string, ActionName, Record<string, unknown>][] = [
  ["scale to 0", "scale", { replicas: 0 }], ["scale to 3", "scale", { replicas: 3 }],
  ["answer 503", "fail", { status: 503 }], ["answer 500", "fail", { status: 500 }], ["answer 503 to 30%", "fail", { status: 503, ratio: 0.3 }],
  ["slow down to 800 ms", "slow", { latency: "800ms" }], ["refuse connections", "refuse", {}], ["accept, never answer", "blackhole", {}],
  ["cut the network", "partition", {}], ["become not ready", "unready", {}], ["drain", "drain", {}], ["be replaced", "replace", {}], ["be restored", "restore", {}],
];

export function AddStep() {
  const regions = run.value?.regions ?? [];
  const [region, setRegion] = useState(regions[0]?.name ?? "");
  const [choice, setChoice] = useState(0);
  const close = (): void => { addStepOpen.value = false; };
  const submit = (event: Event): void => {
    event.preventDefault();
    const [, action, extra] = CHOICES[choice] ?? CHOICES[0]!;
    act(action, { region, ...extra });
    close();
  };
  return (
    <Dialog label="Add a step" className="add-step" close={close}>
      <form onSubmit={submit}>
        <h2>Add a step at <span class="num">{seconds(playhead.value)}</span></h2>
        <label><span>Region</span><select value={region} onChange={(event) => setRegion(event.currentTarget.value)}>{regions.map(({ name }) => <option key={name} value={name}>{name}</option>)}</select></label>
        <label><span>Shall</span><select value={choice} onChange={(event) => setChoice(Number(event.currentTarget.value))}>{CHOICES.map(([label], index) => <option key={label} value={index}>{label}</option>)}</select></label>
        <div class="dialog-actions"><button type="button" class="btn" onClick={close}>Cancel</button><button type="submit" class="btn">Add step</button></div>
      </form>
    </Dialog>
  );
}
