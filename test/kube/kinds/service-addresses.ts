/** Cluster addresses and node ports, each given to one Service at a time. */
export class ServiceAddresses {
  readonly #taken = new Set<string>();
  #next = 10;
  #nextPort = 30_000;

  /** A free address of a family. */
  allocate(family: string): string {
    for (;;) {
      this.#next += 1;
      const low = this.#next % 250;
      const high = Math.floor(this.#next / 250) % 250;
      const address = family === "IPv6" ? `fd00:10:96::${this.#next.toString(16)}` : `10.96.${high}.${low + 1}`;
      if (this.claim(address)) return address;
    }
  }

  /** A free node port. */
  allocatePort(): number {
    for (;;) {
      const port = 30_000 + (this.#nextPort++ % 2_768);
      if (this.claim(String(port))) return port;
    }
  }

  /** Takes a given address or port; false when another Service has it. */
  claim(address: string): boolean {
    if (this.#taken.has(address)) return false;
    this.#taken.add(address);
    return true;
  }

  /** Gives it back. */
  release(address: string): void {
    this.#taken.delete(address);
  }
}
