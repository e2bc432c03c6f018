/** What the virtual machines of one Envoy share: values with a version, compared and swapped. */
export class SharedData {
  readonly #values = new Map<string, { value: Uint8Array; version: number }>();
  #last = 0;

  get(key: string): { value: Uint8Array; version: number } | undefined {
    return this.#values.get(key);
  }

  /** Whether it was written: not if `version` is neither 0 nor the one that is there. */
  set(key: string, value: Uint8Array, version: number): boolean {
    const known = this.#values.get(key);
    if (known && version !== 0 && version !== known.version) return false;
    this.#last += 1;
    this.#values.set(key, { value: value.slice(), version: this.#last });
    return true;
  }
}
