import { textOf } from "./abi.js";
import type { Machine } from "./host-calls.js";

const SUCCESS = 0;
const BAD_FILE = 8;
const NOT_SUPPORTED = 58;
const STDOUT = 1;
const STDERR = 2;

/** The little of WASI that Envoy gives to modules built for it: standard output is the log, there are no files. */
export function wasi(machine: Machine): WebAssembly.ModuleImports {
  const nothing = (countAt: number, sizeAt: number): number => {
    machine.memory.word(countAt, 0);
    machine.memory.word(sizeAt, 0);
    return SUCCESS;
  };
  return {
    fd_write(file: number, vectorsAt: number, count: number, writtenAt: number) {
      if (file !== STDOUT && file !== STDERR) return BAD_FILE;
      let written = 0;
      for (let index = 0; index < count; index += 1) {
        const vector = new DataView(machine.memory.read(vectorsAt + 8 * index, 8).buffer);
        const size = vector.getUint32(4, true);
        const line = textOf(machine.memory.read(vector.getUint32(0, true), size)).trimEnd();
        machine.log(file === STDERR ? "error" : "info", line);
        written += size;
      }
      machine.memory.word(writtenAt, written);
      return SUCCESS;
    },
    clock_time_get(_clock: number, _precision: bigint, at: number) {
      machine.memory.long(at, machine.now());
      return SUCCESS;
    },
    environ_sizes_get: nothing,
    environ_get: () => SUCCESS,
    args_sizes_get: nothing,
    args_get: () => SUCCESS,
    random_get(at: number, size: number) {
      machine.memory.write(at, crypto.getRandomValues(new Uint8Array(size)));
      return SUCCESS;
    },
    fd_read: () => NOT_SUPPORTED,
    fd_seek: () => NOT_SUPPORTED,
    fd_close: () => NOT_SUPPORTED,
    fd_fdstat_get: () => NOT_SUPPORTED,
    proc_exit(code: number) {
      throw new Error(`the module ended itself with ${code}`);
    },
  };
}
