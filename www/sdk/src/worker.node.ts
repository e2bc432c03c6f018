/** The script of a Node worker thread; `connect` of `mesh-failover/worker-client` starts it. */
import { parentPort } from "node:worker_threads";
import { init } from "./index.node.js";
import type { Question } from "./protocol.js";
import { serve } from "./serve.js";

const port = parentPort;
if (port) {
  const served = serve(init, (answer, transfer) => port.postMessage(answer, transfer));
  port.on("message", (question: Question) => void served.then((handle) => handle(question)));
}
