import type { Condition } from "../model/run";
import { CONDITION_NAMES } from "./conditions";
import { ConditionMark } from "./marks";

const SHOWN: Condition["kind"][] = ["healthy", "ramping", "slow", "draining", "unready", "ejected", "failing", "gone"];

export function Legend() {
  return (
    <ul class="legend" aria-label="States">
      {SHOWN.map((kind) => <li key={kind}><ConditionMark kind={kind} ink="var(--ink-2)" />{CONDITION_NAMES[kind]}</li>)}
    </ul>
  );
}
