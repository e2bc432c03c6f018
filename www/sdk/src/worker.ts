/** The script of a browser's worker; `connect` of `mesh-failover/worker-client` starts it. */
import { init } from "./index.js";
import type { Question } from "./protocol.js";
import { serve } from "./serve.js";

interface WorkerScope {
  postMessage(message: unknown, transfer: Transferable[]): void;
  addEventListener(type: "message", listener: (event: MessageEvent<Question>) => void): void;
}

const scope = globalThis as unknown as WorkerScope;
const served = serve(init, (answer, transfer) => scope.postMessage(answer, transfer));
scope.addEventListener("message", ({ data }) => void served.then((handle) => handle(data)));
