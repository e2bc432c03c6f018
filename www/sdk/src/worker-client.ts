/** The package in a browser's worker: the same functions, answered later, and a page that stays smooth. */
import { client, type Client } from "./client.js";

export type { Client, RemoteSimulation } from "./client.js";
export { codes, MeshFailoverError } from "./error.js";
export type * from "./types.js";

/**
 * Starts a worker with the package in it.
 *
 * @param worker a worker that runs `mesh-failover/worker`, if the one that bundlers find by the URL below does not fit
 */
export function connect(worker?: Worker): Promise<Client> {
  const its = worker ?? new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
  return client({
    postMessage: (message) => its.postMessage(message),
    listen(onMessage, onError) {
      its.addEventListener("message", ({ data }) => onMessage(data));
      its.addEventListener("error", onError);
    },
    close: () => its.terminate(),
  });
}
