/** Asks the core in its worker; an answer that nobody waits for any more is dropped. */
import type { Answers, Ask, Question, Reply } from "./protocol";

interface Waiting { resolve: (answer: Answers[keyof Answers]) => void; reject: (error: Error) => void }

let worker: Worker | undefined;
let lastId = 0;
const waiting = new Map<number, Waiting>();

/** Starts the worker, which loads the core at once. */
export function begin(): Worker {
  if (worker) return worker;
  const started = new Worker(new URL("./worker.ts", import.meta.url), { type: "module", name: "core" });
  started.onmessage = ({ data }: MessageEvent<Reply>) => {
    const asked = waiting.get(data.id);
    waiting.delete(data.id);
    if ("failed" in data) asked?.reject(new Error(data.failed));
    else asked?.resolve(data.answer);
  };
  started.onerror = (event) => stop(event.message || "the worker stopped");
  worker = started;
  return started;
}

/** Ends the worker; the next question starts a new one. */
export function stop(reason: string): void {
  worker?.terminate();
  worker = undefined;
  for (const { reject } of waiting.values()) reject(new Error(reason));
  waiting.clear();
}

export function ask<A extends Ask>(question: A): Promise<Answers[A["ask"]]> {
  const id = ++lastId;
  return new Promise((resolve, reject) => {
    waiting.set(id, { resolve: resolve as Waiting["resolve"], reject });
    begin().postMessage({ id, question } satisfies Question);
  });
}
