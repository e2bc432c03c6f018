/** The package in a Node worker thread: the same functions, answered later. */
import { Worker } from "node:worker_threads";
import { client, type Client } from "./client.js";

export type { Client, RemoteSimulation } from "./client.js";
export { codes, MeshFailoverError } from "./error.js";
export type * from "./types.js";

/**
 * Starts a worker thread with the package in it.
 *
 * @param worker a worker that runs `mesh-failover/worker`, if another one is wanted
 */
export function connect(worker?: Worker): Promise<Client> {
  const its = worker ?? new Worker(new URL("./worker.node.js", import.meta.url));
  return client({
    postMessage: (message) => its.postMessage(message),
    listen(onMessage, onError) {
      its.on("message", onMessage);
      its.on("error", onError);
    },
    close: () => void its.terminate(),
  });
}
