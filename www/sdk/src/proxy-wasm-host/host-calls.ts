import {
  BufferType, bytesOf, LOG_LEVELS, readPairs, Status, textOf, writePairs, type Pairs,
} from "./abi.js";
import { Stream, type Surroundings } from "./context.js";
import type { GuestMemory } from "./memory.js";
import type { Metrics } from "./metrics.js";
import type { SharedData } from "./shared-data.js";

/** What the calls of one virtual machine see. */
export interface Machine extends Surroundings {
  memory: GuestMemory;
  shared: SharedData;
  metrics: Metrics;
  /** Whose callback runs. */
  current: Stream | undefined;
  stream(id: number): Stream | undefined;
  configuration: Uint8Array;
  vmConfiguration: Uint8Array;
  tickPeriodMs: number;
}

type Call = (...given: number[]) => number;

/** The host's half of the ABI: everything that a module may import from `env`. */
export function hostCalls(machine: Machine): WebAssembly.ModuleImports {
  return {
    ...surroundings(machine),
    ...maps(machine),
    ...buffers(machine),
    ...sharedData(machine),
    ...streams(machine),
    ...metrics(machine),
  };
}

function text(machine: Machine, at: number, size: number): string {
  return textOf(machine.memory.read(at, size));
}

function surroundings(machine: Machine): Record<string, Call> {
  return {
    proxy_log(level = 0, at = 0, size = 0) {
      machine.log(LOG_LEVELS[level] ?? "critical", text(machine, at, size));
      return Status.ok;
    },
    proxy_get_log_level(at = 0) {
      machine.memory.word(at, LOG_LEVELS.indexOf("info"));
      return Status.ok;
    },
    proxy_get_current_time_nanoseconds(at = 0) {
      machine.memory.long(at, machine.now());
      return Status.ok;
    },
    proxy_set_tick_period_milliseconds(period = 0) {
      machine.tickPeriodMs = period;
      return Status.ok;
    },
    proxy_get_property(at = 0, size = 0, pointerAt = 0, sizeAt = 0) {
      const path = text(machine, at, size).split("\0");
      return machine.memory.give(machine.property(path, machine.current), pointerAt, sizeAt);
    },
    proxy_set_property: () => Status.ok,
    proxy_http_call(...given) {
      const [at = 0, size = 0, headersAt = 0, headersSize = 0, bodyAt = 0, bodySize = 0] = given;
      const [timeoutMs = 0, tokenAt = 0] = given.slice(8);
      const outcome = machine.httpCall({
        cluster: text(machine, at, size),
        headers: readPairs(machine.memory.read(headersAt, headersSize)),
        body: machine.memory.read(bodyAt, bodySize),
        timeoutMs,
      });
      if ("refused" in outcome) return outcome.refused;
      machine.memory.word(tokenAt, outcome.token);
      return Status.ok;
    },
    proxy_call_foreign_function: () => Status.notFound,
    proxy_grpc_call: () => Status.unimplemented,
    proxy_grpc_stream: () => Status.unimplemented,
    proxy_grpc_send: () => Status.unimplemented,
    proxy_grpc_cancel: () => Status.unimplemented,
    proxy_grpc_close: () => Status.unimplemented,
  };
}

function maps(machine: Machine): Record<string, Call> {
  const find = (type: number): Pairs | undefined => machine.current?.maps.get(type);
  return {
    proxy_get_header_map_size(type = 0, at = 0) {
      machine.memory.word(at, writePairs(find(type) ?? []).length);
      return Status.ok;
    },
    proxy_get_header_map_pairs(type = 0, pointerAt = 0, sizeAt = 0) {
      return machine.memory.give(writePairs(find(type) ?? []), pointerAt, sizeAt);
    },
    proxy_set_header_map_pairs(type = 0, at = 0, size = 0) {
      if (!machine.current) return Status.badArgument;
      machine.current.maps.set(type, readPairs(machine.memory.read(at, size)));
      return Status.ok;
    },
    proxy_get_header_map_value(type = 0, at = 0, size = 0, pointerAt = 0, sizeAt = 0) {
      const name = text(machine, at, size).toLowerCase();
      const found = find(type)?.filter(([known]) => known === name).map(([, value]) => value);
      const value = found && found.length > 0 ? bytesOf(found.join(",")) : undefined;
      return machine.memory.give(value, pointerAt, sizeAt);
    },
    proxy_add_header_map_value(type = 0, at = 0, size = 0, valueAt = 0, valueSize = 0) {
      const name = text(machine, at, size).toLowerCase();
      return change(type, (pairs) => [...pairs, [name, text(machine, valueAt, valueSize)]]);
    },
    proxy_replace_header_map_value(type = 0, at = 0, size = 0, valueAt = 0, valueSize = 0) {
      const name = text(machine, at, size).toLowerCase();
      const value = text(machine, valueAt, valueSize);
      return change(type, (pairs) => [...pairs.filter(([known]) => known !== name), [name, value]]);
    },
    proxy_remove_header_map_value(type = 0, at = 0, size = 0) {
      const name = text(machine, at, size).toLowerCase();
      return change(type, (pairs) => pairs.filter(([known]) => known !== name));
    },
  };

  function change(type: number, to: (pairs: Pairs) => Pairs): Status {
    const pairs = find(type);
    if (!pairs || !machine.current) return Status.badArgument;
    machine.current.maps.set(type, to(pairs));
    return Status.ok;
  }
}

function buffers(machine: Machine): Record<string, Call> {
  const find = (type: number): Uint8Array | undefined => {
    if (type === BufferType.pluginConfiguration) return machine.configuration;
    if (type === BufferType.vmConfiguration) return machine.vmConfiguration;
    return machine.current?.buffers.get(type);
  };
  return {
    proxy_get_buffer_bytes(type = 0, start = 0, length = 0, pointerAt = 0, sizeAt = 0) {
      // Sizes are unsigned, and i32 comes signed.
      const end = (start >>> 0) + (length >>> 0);
      const bytes = find(type)?.subarray(start >>> 0, end);
      return machine.memory.give(bytes, pointerAt, sizeAt);
    },
    proxy_get_buffer_status(type = 0, lengthAt = 0, flagsAt = 0) {
      const bytes = find(type);
      if (!bytes) return Status.notFound;
      machine.memory.word(lengthAt, bytes.length);
      machine.memory.word(flagsAt, 0);
      return Status.ok;
    },
    proxy_set_buffer_bytes(type = 0, start = 0, length = 0, at = 0, size = 0) {
      const old = find(type);
      if (!machine.current || !old) return Status.badArgument;
      const end = Math.min((start >>> 0) + (length >>> 0), old.length);
      const parts = [old.subarray(0, start >>> 0), machine.memory.read(at, size), old.subarray(end)];
      machine.current.buffers.set(type, Uint8Array.from(parts.flatMap((part) => [...part])));
      return Status.ok;
    },
  };
}

function sharedData(machine: Machine): Record<string, Call> {
  return {
    proxy_get_shared_data(at = 0, size = 0, pointerAt = 0, sizeAt = 0, versionAt = 0) {
      const found = machine.shared.get(text(machine, at, size));
      if (!found) return Status.notFound;
      machine.memory.word(versionAt, found.version);
      return machine.memory.give(found.value, pointerAt, sizeAt);
    },
    proxy_set_shared_data(at = 0, size = 0, valueAt = 0, valueSize = 0, version = 0) {
      const value = machine.memory.read(valueAt, valueSize);
      const written = machine.shared.set(text(machine, at, size), value, version >>> 0);
      return written ? Status.ok : Status.casMismatch;
    },
    proxy_register_shared_queue: () => Status.unimplemented,
    proxy_resolve_shared_queue: () => Status.notFound,
    proxy_dequeue_shared_queue: () => Status.unimplemented,
    proxy_enqueue_shared_queue: () => Status.unimplemented,
  };
}

function streams(machine: Machine): Record<string, Call> {
  return {
    proxy_set_effective_context(id = 0) {
      machine.current = machine.stream(id);
      return Status.ok;
    },
    proxy_done: () => Status.ok,
    proxy_get_status(codeAt = 0, pointerAt = 0, sizeAt = 0) {
      machine.memory.word(codeAt, 0);
      return machine.memory.give(new Uint8Array(), pointerAt, sizeAt);
    },
    proxy_continue_stream() {
      if (!machine.current) return Status.badArgument;
      machine.current.continued = true;
      return Status.ok;
    },
    proxy_close_stream: () => Status.ok,
    proxy_send_local_response(...given) {
      if (!machine.current) return Status.badArgument;
      const [status = 0, at = 0, size = 0, bodyAt = 0, bodySize = 0, pairsAt = 0, pairsSize = 0] = given;
      machine.current.localResponse = {
        status,
        details: text(machine, at, size),
        body: machine.memory.read(bodyAt, bodySize),
        headers: readPairs(machine.memory.read(pairsAt, pairsSize)),
      };
      return Status.ok;
    },
  };
}

function metrics(machine: Machine): WebAssembly.ModuleImports {
  return {
    proxy_define_metric(_type: number, at: number, size: number, idAt: number) {
      machine.memory.word(idAt, machine.metrics.define(text(machine, at, size)));
      return Status.ok;
    },
    proxy_increment_metric(id: number, offset: bigint) {
      return machine.metrics.add(id, offset) ? Status.ok : Status.notFound;
    },
    proxy_record_metric(id: number, value: bigint) {
      return machine.metrics.set(id, value) ? Status.ok : Status.notFound;
    },
    proxy_get_metric(id: number, at: number) {
      const value = machine.metrics.get(id);
      if (value === undefined) return Status.notFound;
      machine.memory.long(at, value);
      return Status.ok;
    },
  };
}

