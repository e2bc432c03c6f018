import { helpOpen } from "../model/panels";
import { Dialog } from "./dialog";
import { Icon } from "./icons";

const KEYS: [string, string][] = [
  ["Space", "Play or pause"], ["← →", "0.1 s, with Shift 1 s"], ["Home End", "Start, end"],
  ["D", "Take the region down, or bring it back"], ["N", "Add a step"], ["[ ]", "Previous, next step"],
  ["1 2 3", "Native, Router, Compare"], ["F8", "Next problem"], ["Ctrl+.", "Fix it"],
  ["G", "Situations"], ["W", "Why"], ["E", "Editor"], ["Ctrl+Z", "Undo, with Shift redo"],
  ["Esc, then Tab", "Leave the editor"], ["?", "This list"],
];

export function Help() {
  const close = (): void => { helpOpen.value = false; };
  return (
    <Dialog label="Help" className="help" close={close}>
      <div class="dialog-head"><h2>Help</h2><button type="button" class="icon-btn" aria-label="Close" onClick={close}><Icon name="close" /></button></div>
      <p>Paste your Istio manifests, say in a topology where endpoints are, and see what a regional outage does. Every request is
        played through the parts Envoy has: weights, priorities, outlier detection, retries. What you do on the map becomes a line of the scenario.</p>
      <dl class="keys">{KEYS.map(([key, what]) => <div key={key}><dt><kbd>{key}</kbd></dt><dd>{what}</dd></div>)}</dl>
      <p class="muted">mesh-failover {__VERSION__}. Everything runs in this tab; nothing is sent. Works offline after the first visit.</p>
    </Dialog>
  );
}
