import { MapType, Status, type LogLevel, type Pairs } from "./abi.js";

/** One request and its response, as Envoy holds them for a module. */
export class Stream {
  /** Its number; the root context has the first one. */
  readonly id: number;
  /** Maps by their number in the ABI. */
  readonly maps = new Map<number, Pairs>();
  /** Buffers by their number in the ABI. */
  readonly buffers = new Map<number, Uint8Array>();
  /** What the module answered instead of an upstream. */
  localResponse: LocalResponse | undefined;
  /** Whether the module asked to go on after a pause. */
  continued = false;

  constructor(id: number, requestHeaders: Pairs = []) {
    this.id = id;
    this.maps.set(MapType.requestHeaders, requestHeaders);
  }

  get requestHeaders(): Pairs {
    return this.maps.get(MapType.requestHeaders) ?? [];
  }

  get responseHeaders(): Pairs {
    return this.maps.get(MapType.responseHeaders) ?? [];
  }

  /** The first value of a request header. */
  requestHeader(name: string): string | undefined {
    return this.requestHeaders.find(([known]) => known === name)?.[1];
  }
}

/** An answer that the module gives itself. */
export interface LocalResponse {
  status: number;
  details: string;
  headers: Pairs;
  body: Uint8Array;
}

/** A request that the module sends. */
export interface HttpCall {
  cluster: string;
  headers: Pairs;
  body: Uint8Array;
  timeoutMs: number;
}

/** What surrounds a virtual machine: everything that Envoy would know. */
export interface Surroundings {
  /** Wall clock. Units: nanoseconds since 1970. */
  now(): bigint;
  /** A property, for example `["xds", "cluster_name"]`, for a stream or, without one, for the plugin. */
  property(path: readonly string[], stream: Stream | undefined): Uint8Array | undefined;
  /** Sends a request: its token, or why not (`badArgument`: no such cluster; `internalFailure`: no usable host). */
  httpCall(call: HttpCall): { token: number } | { refused: Status };
  /** A line of the log. */
  log(level: LogLevel, message: string): void;
}
