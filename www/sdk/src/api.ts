import { codes, failure, MeshFailoverError } from "./error.js";
import { FilterHost, type FilterReport } from "./filter.js";
import { frameColumns, type FrameColumns } from "./frames.js";
import * as bindings from "./generated/bindings.js";
import { ensureReady, fail } from "./load.js";
import type {
  CheckAnswer,
  CheckRequest,
  EnvoyAnswer,
  EnvoyRequest,
  Error as CoreError,
  Event,
  ExplainAnswer,
  ExplainRequest,
  FrameLayout,
  ParseAnswer,
  ParseRequest,
  RenderAnswer,
  RenderRequest,
  SimulateAnswer,
  SimulateRequest,
  Step,
  Version,
} from "./types.js";

/** Reads manifests: every object with its place, and everything that is wrong with the rest. */
export function parse(request: ParseRequest): ParseAnswer {
  return ask(() => bindings.parse(JSON.stringify(request)));
}

/** Finds what is wrong with manifests, or does not do what it seems to. */
export function check(request: CheckRequest): CheckAnswer {
  return ask(() => bindings.check(JSON.stringify(request)));
}

/** Plays a scenario to its end. */
export function simulate(request: SimulateRequest): SimulateAnswer {
  return ask(() => bindings.simulate(JSON.stringify(request)));
}

/** Plays a scenario to its end and tells it as one self-contained page, HTML. */
export function html(request: SimulateRequest): string {
  return ask(() => bindings.html(JSON.stringify(request)));
}

/** Says for one gateway what istiod makes of the manifests, each number with the line behind it. */
export function explain(request: ExplainRequest): ExplainAnswer {
  return ask(() => bindings.explain(JSON.stringify(request)));
}

/** Renders an intent: manifests, a Topology, and the kubectl commands that apply and validate them. */
export function render(request: RenderRequest): RenderAnswer {
  return ask(() => bindings.render(JSON.stringify(request)));
}

/** Writes the Envoy configuration that istiod would give one gateway. */
export function envoy(request: EnvoyRequest): EnvoyAnswer {
  return ask(() => bindings.envoy(JSON.stringify(request)));
}

/** What this is, and what it imitates. */
export function version(): Version {
  return ask(() => bindings.version());
}

/** A scenario to play piece by piece; `new Simulation(request, filter)` as a function. */
export function simulation(request: SimulateRequest, filter?: WebAssembly.Module): Simulation {
  return new Simulation(request, filter);
}

/**
 * A scenario that is played piece by piece, with a hand in it.
 *
 * What is done by hand becomes a step of the scenario: a run with injected steps is the run of the scenario
 * that has them written, request by request. Call `free()` when it is no longer needed.
 */
export class Simulation {
  readonly #inner: bindings.Simulation;
  readonly #host: FilterHost | undefined;

  /**
   * @param filter the region router as it ships, compiled from `mesh-failover/region-router.wasm`, to decide in the place of the
   * core's wherever the gateway has one; `filterReport()` says whether it decided the same
   */
  constructor(request: SimulateRequest, filter?: WebAssembly.Module) {
    this.#host = filter && new FilterHost(filter);
    this.#inner = guarded(() => new bindings.Simulation(JSON.stringify(request), this.#host));
  }

  /** How long the scenario runs. */
  durationMs(): number {
    return guarded(() => this.#inner.durationMs);
  }

  /** How far it was played. */
  nowMs(): number {
    return guarded(() => this.#inner.nowMs);
  }

  /** Plays up to a moment, or to the end; a moment in the past changes nothing. Returns how far it was played. */
  step(untilMs: number): number {
    guarded(() => this.#inner.step(untilMs));
    return this.nowMs();
  }

  /**
   * Makes something happen at `step.at`, or now if that has passed, and returns the step as it stands in the
   * scenario now. If the scenario cannot be played with it, it throws and nothing has changed.
   */
  inject(step: Step): Step {
    return ask(() => this.#inner.inject(JSON.stringify(step)));
  }

  /** The scenario with everything that was done by hand, YAML. */
  scenario(): string {
    return guarded(() => this.#inner.scenario());
  }

  /** The frames that are over, without the first `skip`. */
  frames(skip = 0): FrameColumns {
    const frames = guarded(() => this.#inner.frames(skip));
    const layout = ask<FrameLayout>(() => frames.layout());
    return frameColumns(layout, frames.values());
  }

  /** What happened so far, without the first `skip` events. */
  events(skip = 0): Event[] {
    return ask(() => this.#inner.events(skip));
  }

  /** What came of it so far. Requests under way are not in it. */
  report(): SimulateAnswer {
    return ask(() => this.#inner.report());
  }

  /** Plays to the end and lets requests under way be answered; the simulation is gone then. */
  run(): SimulateAnswer {
    return ask(() => this.#inner.run());
  }

  /** What the filter that ships has decided so far; undefined without one. */
  filterReport(): FilterReport | undefined {
    return this.#host?.report;
  }

  /** Gives the memory back. */
  free(): void {
    this.#inner.free();
  }
}

/** An answer of the core, which is JSON text. */
function ask<Answer>(question: () => string): Answer {
  return JSON.parse(guarded(question)) as Answer;
}

/** Runs a part of the core; whatever it throws becomes the one class of errors. */
function guarded<T>(run: () => T): T {
  ensureReady();
  try {
    return run();
  } catch (thrown) {
    if (typeof thrown === "string") {
      throw new MeshFailoverError(JSON.parse(thrown) as CoreError);
    }
    if (thrown instanceof WebAssembly.RuntimeError) {
      throw fail(failure(codes.internal, `the core failed: ${thrown.message}`, thrown));
    }
    throw thrown;
  }
}
