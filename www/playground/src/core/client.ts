/** Asks the core in its workers; an answer that nobody waits for any more is dropped. */
import moduleUrl from "mesh-failover/mesh-failover.wasm?url";
import type { Answers, Ask, Question, Reply } from "./protocol";

interface Waiting { resolve: (answer: Answers[keyof Answers]) => void; reject: (error: Error) => void }
/** What is played, and what may take its time beside it: an explanation of ten thousand endpoints holds up no step. */
type Desk = "play" | "explain";

const workers = new Map<Desk, Worker>();
let compiled: Promise<WebAssembly.Module> | undefined;
let lastId = 0;
const waiting = new Map<number, Waiting>();

/** The module, fetched and compiled once for all workers. */
function compile(): Promise<WebAssembly.Module> {
  compiled ??= fetch(moduleUrl).then(async (response) => {
    if (!response.ok) throw new Error(`${moduleUrl}: ${response.status}`);
    const streams = response.headers.get("content-type") === "application/wasm";
    return streams ? WebAssembly.compileStreaming(response) : WebAssembly.compile(await response.arrayBuffer());
  });
  return compiled;
}

/** Starts a worker and gives it the core. */
export function begin(desk: Desk = "play"): Worker {
  const known = workers.get(desk);
  if (known) return known;
  const started = new Worker(new URL("./worker.ts", import.meta.url), { type: "module", name: desk });
  started.onmessage = ({ data }: MessageEvent<Reply>) => {
    const asked = waiting.get(data.id);
    waiting.delete(data.id);
    if ("failed" in data) asked?.reject(new Error(data.failed));
    else asked?.resolve(data.answer);
  };
  started.onerror = (event) => stop(event.message || "the worker stopped");
  workers.set(desk, started);
  compile().then((module) => started.postMessage({ module } satisfies Question), (error: unknown) => {
    compiled = undefined;
    stop(String(error));
  });
  return started;
}

/** Ends the workers; the next question starts new ones. */
export function stop(reason: string): void {
  for (const worker of workers.values()) worker.terminate();
  workers.clear();
  for (const { reject } of waiting.values()) reject(new Error(reason));
  waiting.clear();
}

export function ask<A extends Ask>(question: A): Promise<Answers[A["ask"]]> {
  const id = ++lastId;
  return new Promise((resolve, reject) => {
    waiting.set(id, { resolve: resolve as Waiting["resolve"], reject });
    begin(question.ask === "explain" ? "explain" : "play").postMessage({ id, question } satisfies Question);
  });
}
