import { routerIsAdded } from "../model/session";

/** These manifests have no router yet: what is shown is what it would do. */
export function AddRouter() {
  if (!routerIsAdded.value) return null;
  const add = async (): Promise<void> => (await import("../model/form")).setRouter(true);
  return <button type="button" class="text-btn" title="These manifests have no router yet" onClick={() => void add()}>Add to manifests</button>;
}
