/** Metrics that a module defines, by name. */
export class Metrics {
  readonly #names: string[] = [];
  readonly #values: bigint[] = [];

  /** The number of the metric of that name; the same for the same name. */
  define(name: string): number {
    const known = this.#names.indexOf(name);
    if (known >= 0) return known;
    this.#values.push(0n);
    return this.#names.push(name) - 1;
  }

  add(id: number, offset: bigint): boolean {
    return this.set(id, (this.#values[id] ?? 0n) + offset);
  }

  set(id: number, value: bigint): boolean {
    if (this.#values[id] === undefined) return false;
    this.#values[id] = value;
    return true;
  }

  get(id: number): bigint | undefined {
    return this.#values[id];
  }

  /** All of them. */
  entries(): [string, bigint][] {
    return this.#names.map((name, id) => [name, this.#values[id] ?? 0n]);
  }
}
