/** Runs the core off the page's thread. */
import { answer, load } from "./engine";
import type { Question, Reply } from "./protocol";

let begin: (module: WebAssembly.Module) => void;
const loaded = new Promise<WebAssembly.Module>((resolve) => { begin = resolve; }).then(load);

self.onmessage = async ({ data }: MessageEvent<Question>) => {
  if ("module" in data) return begin(data.module);
  let reply: Reply;
  try {
    await loaded;
    reply = { id: data.id, answer: await answer(data.question) };
  } catch (error) {
    reply = { id: data.id, failed: error instanceof Error ? error.message : String(error) };
  }
  self.postMessage(reply);
};
