import { Status } from "./abi.js";

/** What a module exports that a host needs. */
export interface Guest {
  memory: WebAssembly.Memory;
  /** Gives the host room for what it returns. */
  allocate(size: number): number;
}

/** A module's memory. Views are made anew for each access: memory that grew has left the old ones behind. */
export class GuestMemory {
  readonly #guest: Guest;

  constructor(guest: Guest) {
    this.#guest = guest;
  }

  read(at: number, size: number): Uint8Array {
    return new Uint8Array(this.#guest.memory.buffer, at, size).slice();
  }

  write(at: number, bytes: Uint8Array): void {
    new Uint8Array(this.#guest.memory.buffer, at, bytes.length).set(bytes);
  }

  word(at: number, value: number): void {
    this.#view().setUint32(at, value, true);
  }

  long(at: number, value: bigint): void {
    this.#view().setBigUint64(at, BigInt.asUintN(64, value), true);
  }

  /** Hands bytes over: where they are and how many go to the two places that the module named. */
  give(bytes: Uint8Array | undefined, pointerAt: number, sizeAt: number, missing: Status = Status.notFound): Status {
    if (!bytes) return missing;
    // Nothing needs no room.
    const at = bytes.length === 0 ? 0 : this.#guest.allocate(bytes.length);
    if (bytes.length > 0 && at === 0) return Status.invalidMemoryAccess;
    this.write(at, bytes);
    this.word(pointerAt, at);
    this.word(sizeAt, bytes.length);
    return Status.ok;
  }

  #view(): DataView {
    return new DataView(this.#guest.memory.buffer);
  }
}
