/** Runs the core off the page's thread. */
import { answer } from "./engine";
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
