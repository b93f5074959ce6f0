/** The longest time between two looks that still counts in full, in ms: a busy machine is late by less. */
const LONGEST_TICK_MS = 1_000;

/**
 * Time in which this process ran. When a machine stands still (suspended, a debugger, `SIGSTOP`), its answers stand
 * still with it: the requests under way have not waited for them, and a time-out measured by the clock on the wall would
 * call them lost.
 */
export class WakingTime {
  readonly #clock: () => number;
  #seen: number;
  #awake = 0;

  /** @param clock monotonic, in ms */
  constructor(clock: () => number) {
    this.#clock = clock;
    this.#seen = clock();
  }

  /** Milliseconds run since the start. Asked several times a second, it leaves out nothing but standstills. */
  readonly now = (): number => {
    const time = this.#clock();
    this.#awake += Math.min(time - this.#seen, LONGEST_TICK_MS);
    this.#seen = time;
    return this.#awake;
  };
}
