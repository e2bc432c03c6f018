/** Runs the core off the page's thread. */
import { answer, load } from "./engine";
import type { Question, Reply } from "./protocol";

self.onmessage = async ({ data }: MessageEvent<Question>) => {
  let reply: Reply;
  try {
    reply = { id: data.id, answer: await answer(data.question) };
  } catch (error) {
    reply = { id: data.id, failed: error instanceof Error ? error.message : String(error) };
  }
  self.postMessage(reply);
};

// Before anybody asks. What goes wrong is the answer to the first question, which tries again.
load().catch(() => undefined);
