import type { Simulation } from "./api.js";
import { codes, failure, MeshFailoverError } from "./error.js";
import { READY, type Answer, type Functions, type Port } from "./protocol.js";

/** The same methods, answered later. */
type Later<T> = {
  [Name in keyof T]: T[Name] extends (...given: infer Given) => infer Answer
    ? (...given: Given) => Promise<Answer>
    : never;
};

/** A simulation in a worker. */
export type RemoteSimulation = Later<Simulation>;

/** The functions of this package, in a worker. */
export type Client = Later<Omit<Functions, "simulation">> & {
  /** A scenario to play piece by piece, in the worker. */
  simulation(...given: Parameters<Functions["simulation"]>): Promise<RemoteSimulation>;
  /** Ends the worker; what it was working on is refused. */
  terminate(): void;
};

interface Waiting {
  resolve(answer: unknown): void;
  reject(error: unknown): void;
}

const METHODS = [
  "durationMs", "nowMs", "step", "inject", "scenario", "frames", "events", "report", "run",
  "filterReport", "free",
] as const satisfies readonly (keyof Simulation)[];

/** Talks to a worker that serves the package; resolves when that is ready. */
export async function client(port: Port): Promise<Client> {
  const waiting = new Map<number, Waiting>();
  let last = READY;
  let over: unknown;

  function wait(id: number): Promise<unknown> {
    return new Promise((resolve, reject) => waiting.set(id, { resolve, reject }));
  }
  function end(reason: unknown): void {
    over = reason;
    for (const { reject } of waiting.values()) reject(reason);
    waiting.clear();
    port.close();
  }
  function ask(name: string, given: readonly unknown[], simulation?: number): Promise<unknown> {
    if (over !== undefined) return Promise.reject(over);
    const id = ++last;
    const answer = wait(id);
    port.postMessage({ id, name, arguments: given, ...(simulation && { simulation }) });
    return answer;
  }

  port.listen(
    (message) => {
      const answer = message as Answer;
      const { resolve, reject } = waiting.get(answer.id) ?? {};
      waiting.delete(answer.id);
      if ("error" in answer) reject?.(new MeshFailoverError(answer.error));
      else resolve?.(answer.answer);
    },
    (cause) => end(failure(codes.internal, "the worker failed", cause)),
  );

  const call = (name: keyof Functions) => (...given: readonly unknown[]) => ask(name, given);
  const remote = {
    parse: call("parse"),
    check: call("check"),
    simulate: call("simulate"),
    html: call("html"),
    explain: call("explain"),
    render: call("render"),
    envoy: call("envoy"),
    version: call("version"),
    async simulation(...given: readonly unknown[]) {
      const opened = ask("simulation", given);
      const id = last;
      await opened;
      const methods = METHODS.map((name) => {
        const method = (...given: readonly unknown[]) => ask(name, given, id);
        return [name, method] as const;
      });
      return Object.fromEntries(methods) as unknown as RemoteSimulation;
    },
    terminate: () => end(failure(codes.terminated, "the worker was ended")),
  } as unknown as Client;

  await wait(READY).catch((error: unknown) => {
    end(error);
    throw error;
  });
  return remote;
}
