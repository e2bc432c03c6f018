import type { FrameLayout } from "./types.js";

/** Requests by frame; a percentile of none is NaN. */
export interface CountColumns {
  /** How many ended. */
  requests: Float64Array;
  /** How many of them failed. */
  errors: Float64Array;
  /** Half took at most so many milliseconds. */
  p50Ms: Float64Array;
  /** 99 of 100 took at most so many milliseconds. */
  p99Ms: Float64Array;
}

/** A region by frame. */
export interface RegionColumns extends CountColumns {
  /** Percent of requests that the workers would send there at the end of the frame. */
  weight: Float64Array;
  /** Ejected endpoints at the end of the frame, over all gateway pods. */
  ejected: Float64Array;
}

/** An endpoint by frame; its requests are attempts. */
export interface EndpointColumns extends CountColumns {
  /** Gateway pods that have ejected it at the end of the frame. */
  ejected: Float64Array;
}

/** Frames as columns, one value a frame. All of them are views of one buffer. */
export interface FrameColumns extends CountColumns {
  /** How many frames there are. */
  length: number;
  /** Start of each frame in milliseconds. */
  fromMs: Float64Array;
  /** End of each frame in milliseconds. */
  toMs: Float64Array;
  /** Attempts beyond each request's first. */
  retries: Float64Array;
  /** Priorities in panic at the end of the frame. */
  panicking: Float64Array;
  /** By region; `none` is what Envoy answered itself. */
  regions: Map<string, RegionColumns>;
  /** By endpoint; empty if there are too many to be told apart. */
  endpoints: Map<string, EndpointColumns>;
}

/** Gives the core's values their names. */
export function frameColumns(layout: FrameLayout, values: Float64Array): FrameColumns {
  const length = layout.frames;
  let at = 0;
  const group = <T>(names: readonly string[]): T =>
    Object.fromEntries(
      names.map((name) => [name, values.subarray(at, (at += length))] as const),
    ) as T;
  return {
    length,
    ...group<Omit<FrameColumns, "length" | "regions" | "endpoints">>(layout.totalColumns),
    regions: new Map(
      layout.regions.map((name) => [name, group<RegionColumns>(layout.regionColumns)]),
    ),
    endpoints: new Map(
      layout.endpoints.map((name) => [name, group<EndpointColumns>(layout.endpointColumns)]),
    ),
  };
}
