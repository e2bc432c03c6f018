import * as api from "./api.js";
import { codes, failure, MeshFailoverError } from "./error.js";
import type { FrameColumns } from "./frames.js";
import { READY, type Answer, type Functions, type Question } from "./protocol.js";

const functions: Functions = api;

/** Answers questions from another thread; says that it is ready, or why it is not, first. */
export async function serve(
  init: () => Promise<void>,
  post: (answer: Answer, transfer: ArrayBuffer[]) => void,
): Promise<(question: Question) => void> {
  const simulations = new Map<number, api.Simulation>();
  const loaded = init();
  await reply(READY, () => loaded);

  async function reply(id: number, work: () => unknown): Promise<void> {
    try {
      const answer = await work();
      post({ id, answer }, isFrames(answer) ? [answer.requests.buffer as ArrayBuffer] : []);
    } catch (thrown) {
      const error =
        thrown instanceof MeshFailoverError ? thrown : failure(codes.internal, String(thrown));
      post({ id, error: error.toJSON() }, []);
    }
  }

  function perform({ id, simulation, name, arguments: given }: Question): unknown {
    if (simulation === undefined) {
      const called = functions[name as keyof Functions] as (...given: readonly unknown[]) => unknown;
      const answer = called(...given);
      if (!(answer instanceof api.Simulation)) return answer;
      simulations.set(id, answer);
      return undefined;
    }
    const target = simulations.get(simulation);
    if (!target) throw failure(codes.internal, "the simulation was freed");
    if (name === "free") simulations.delete(simulation);
    const method = target[name as keyof api.Simulation] as (...given: readonly unknown[]) => unknown;
    return method.apply(target, [...given]);
  }

  return (question) => void reply(question.id, () => perform(question));
}

function isFrames(value: unknown): value is FrameColumns {
  return typeof value === "object" && value !== null && "panicking" in value && "length" in value;
}
