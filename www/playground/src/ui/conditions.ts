/** What a state is called. */
import type { Condition } from "../model/run";

export const CONDITION_NAMES: Record<Condition["kind"], string> = {
  healthy: "Healthy", ramping: "Ramping", draining: "Draining", unready: "Unready",
  ejected: "Ejected", failing: "Failing", gone: "Scaled to 0", slow: "Slow",
};
