/**
 * A small Proxy-Wasm host: runs a module that was built for Envoy where there is no Envoy, with the clock, the
 * properties and the upstreams that the caller gives it. Enough of ABI 0.2.1 for filters of HTTP headers and bodies with
 * timers, shared data, metrics and calls of their own; gRPC and queues answer `unimplemented`.
 *
 * Source: proxy-wasm/spec abi-versions/v0.2.1; behaviour where the specification is silent as in Envoy 1.40.
 */
import { Action, BufferType, bytesOf, MapType, textOf, type Pairs } from "./abi.js";
import { Stream, type Surroundings } from "./context.js";
import { hostCalls, type Machine } from "./host-calls.js";
import { GuestMemory } from "./memory.js";
import { Metrics } from "./metrics.js";
import { SharedData } from "./shared-data.js";
import { wasi } from "./wasi.js";

export { Action, BufferType, LOG_LEVELS, MapType, Status, type LogLevel, type Pairs } from "./abi.js";
export { Stream, type HttpCall, type LocalResponse, type Surroundings } from "./context.js";
export { Metrics } from "./metrics.js";
export { SharedData } from "./shared-data.js";

/** A plugin to run. */
export interface PluginOptions extends Partial<Surroundings> {
  /** `pluginConfig` as JSON text. */
  configuration?: string;
  /** `vmConfig`'s text. */
  vmConfiguration?: string;
  /** What the machines of one Envoy share; own, if not given. */
  shared?: SharedData;
}

const ROOT = 1;
type Export = (...given: number[]) => number | void;

/** A module in a virtual machine of its own, as one of Envoy's workers has it. */
export class PluginVm {
  readonly #machine: Machine;
  readonly #exports: WebAssembly.Exports;
  readonly #streams = new Map<number, Stream>();
  #last = ROOT;

  /** Loads a module; `configure` comes next. Envoy skips callbacks that a module does not export, and so does this. */
  constructor(module: WebAssembly.Module, options: PluginOptions = {}) {
    const allocate = (size: number) => {
      const name = this.#exports["proxy_on_memory_allocate"] ? "proxy_on_memory_allocate" : "malloc";
      return Number(this.#call(name, size) ?? 0) >>> 0;
    };
    const memory = () => this.#exports["memory"] as WebAssembly.Memory;
    this.#machine = {
      now: options.now ?? (() => BigInt(Date.now()) * 1_000_000n),
      property: options.property ?? (() => undefined),
      httpCall: options.httpCall ?? (() => ({ refused: 2 })),
      log: options.log ?? (() => {}),
      memory: new GuestMemory({ get memory() { return memory(); }, allocate }),
      shared: options.shared ?? new SharedData(),
      metrics: new Metrics(),
      current: undefined,
      stream: (id) => this.#streams.get(id),
      configuration: bytesOf(options.configuration ?? ""),
      vmConfiguration: bytesOf(options.vmConfiguration ?? ""),
      tickPeriodMs: 0,
    };
    const env = hostCalls(this.#machine);
    const instance = new WebAssembly.Instance(module, {
      env,
      wasi_snapshot_preview1: wasi(this.#machine),
    });
    this.#exports = instance.exports;
    this.#call("_initialize");
    this.#call("_start");
    this.#call("proxy_on_context_create", ROOT, 0);
    this.#call("proxy_on_vm_start", ROOT, this.#machine.vmConfiguration.length);
  }

  /** Hands over the configuration, or another one later. Whether the module takes it. */
  configure(configuration?: string): boolean {
    if (configuration !== undefined) this.#machine.configuration = bytesOf(configuration);
    return this.#call("proxy_on_configure", ROOT, this.#machine.configuration.length) !== 0;
  }

  /** How often the module wants `tick`; 0: never. */
  get tickPeriodMs(): number {
    return this.#machine.tickPeriodMs;
  }

  get metrics(): Metrics {
    return this.#machine.metrics;
  }

  /** The module's timer. */
  tick(): void {
    this.#call("proxy_on_tick", ROOT);
  }

  /** A request comes. */
  request(headers: Pairs, endOfStream = true): { stream: Stream; action: Action } {
    const stream = new Stream(++this.#last, headers);
    this.#streams.set(stream.id, stream);
    this.#within(stream, "proxy_on_context_create", stream.id, ROOT);
    const end = endOfStream ? 1 : 0;
    const action = this.#within(stream, "proxy_on_request_headers", stream.id, headers.length, end);
    return { stream, action: action === 1 ? Action.pause : Action.continue };
  }

  /** Its response comes. */
  response(stream: Stream, headers: Pairs, endOfStream = true): Action {
    stream.maps.set(MapType.responseHeaders, headers);
    const end = endOfStream ? 1 : 0;
    const action = this.#within(stream, "proxy_on_response_headers", stream.id, headers.length, end);
    return action === 1 ? Action.pause : Action.continue;
  }

  /** A part of a body passes; what the module makes of it is in the stream's buffers. */
  body(stream: Stream, of: "request" | "response", bytes: Uint8Array, endOfStream: boolean): Action {
    const type = of === "request" ? BufferType.requestBody : BufferType.responseBody;
    stream.buffers.set(type, bytes);
    const end = endOfStream ? 1 : 0;
    const action = this.#within(stream, `proxy_on_${of}_body`, stream.id, bytes.length, end);
    return action === 1 ? Action.pause : Action.continue;
  }

  /** It is over. */
  done(stream: Stream): void {
    for (const name of ["proxy_on_done", "proxy_on_log", "proxy_on_delete"]) {
      this.#within(stream, name, stream.id);
    }
    this.#streams.delete(stream.id);
  }

  /** The answer to a call that the module made; none if it failed. */
  callResponse(token: number, answer?: { headers: Pairs; body: Uint8Array }): void {
    const context = new Stream(ROOT);
    if (answer) {
      context.maps.set(MapType.callResponseHeaders, answer.headers);
      context.buffers.set(BufferType.callResponseBody, answer.body);
    }
    const given = [ROOT, token, answer?.headers.length ?? 0, answer?.body.length ?? 0, 0];
    this.#within(context, "proxy_on_http_call_response", ...given);
  }

  #within(stream: Stream, name: string, ...given: number[]): number | void {
    this.#machine.current = stream;
    try {
      return this.#call(name, ...given);
    } finally {
      this.#machine.current = undefined;
    }
  }

  #call(name: string, ...given: number[]): number | void {
    const callback = this.#exports[name];
    return typeof callback === "function" ? (callback as Export)(...given) : undefined;
  }
}

/** Text as a property's value. */
export { bytesOf, textOf };
