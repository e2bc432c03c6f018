/**
 * The numbers of the Proxy-Wasm ABI 0.2.1 and the layout of its maps.
 *
 * Source: proxy-wasm/spec abi-versions/v0.2.1; proxy-wasm-cpp-host include/proxy-wasm/word.h, bytecode_util.
 */

/** What a host call returns. */
export const Status = {
  ok: 0,
  notFound: 1,
  badArgument: 2,
  invalidMemoryAccess: 6,
  empty: 7,
  casMismatch: 8,
  internalFailure: 10,
  unimplemented: 12,
} as const;
export type Status = (typeof Status)[keyof typeof Status];

/** What a callback wants done with its stream. */
export const Action = { continue: 0, pause: 1 } as const;
export type Action = (typeof Action)[keyof typeof Action];

/** Buffers that a module may read. */
export const BufferType = {
  requestBody: 0,
  responseBody: 1,
  callResponseBody: 4,
  vmConfiguration: 6,
  pluginConfiguration: 7,
} as const;

/** Maps that a module may read. */
export const MapType = {
  requestHeaders: 0,
  requestTrailers: 1,
  responseHeaders: 2,
  responseTrailers: 3,
  callResponseHeaders: 6,
  callResponseTrailers: 7,
} as const;

/** How loud a line of the log is, by its number. */
export const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "critical"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Headers in order; a name may come more than once. Names are lower case. */
export type Pairs = [name: string, value: string][];

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export function bytesOf(text: string): Uint8Array {
  return encoder.encode(text);
}

export function textOf(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

/** A count, each pair's two lengths, then names and values with a zero behind each. */
export function writePairs(pairs: Pairs): Uint8Array {
  const parts = pairs.flat().map(bytesOf);
  const heads = 4 + 4 * parts.length;
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length + 1, heads));
  const view = new DataView(out.buffer);
  view.setUint32(0, pairs.length, true);
  let at = heads;
  parts.forEach((part, index) => {
    view.setUint32(4 + 4 * index, part.length, true);
    out.set(part, at);
    at += part.length + 1;
  });
  return out;
}

/** The way back; what does not fit is an empty list, as in Envoy. */
export function readPairs(bytes: Uint8Array): Pairs {
  if (bytes.length < 4) return [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const count = view.getUint32(0, true);
  if (4 + 8 * count > bytes.length) return [];
  let at = 4 + 8 * count;
  const next = (index: number): string => {
    const length = view.getUint32(4 + 4 * index, true);
    const text = textOf(bytes.subarray(at, at + length));
    at += length + 1;
    return text;
  };
  return Array.from({ length: count }, (_, index) => [next(2 * index), next(2 * index + 1)]);
}
