/** Time as the generator sees it; passed in so that tests need not wait. */
export interface LoadClock {
  /** Monotonic time in ms, with fractions. */
  readonly now: () => number;
  /** Calls `then` once after `ms`; returns a function that prevents it. */
  readonly after: (ms: number, then: () => void) => () => void;
}

/** An even schedule: the k-th request is due `k * 1000 / rate` ms after the start. */
export interface Schedule {
  readonly rate: number;
  /** How many requests are due altogether. */
  readonly total: number;
}

/** What a running schedule reports. */
export interface ScheduleEvents {
  /** Request `index` is due now (or was, `lateMs` ago: what was missed is made up for at once). */
  readonly due: (index: number, dueMs: number, lateMs: number) => void;
  /** All requests were due; called once. */
  readonly done: () => void;
}

/** Starts the schedule at `startMs` on the clock; returns a function that stops it without `done`. */
export function runSchedule(schedule: Schedule, startMs: number, clock: LoadClock, events: ScheduleEvents): () => void {
  let next = 0;
  let cancel = (): void => {};
  const dueAt = (index: number): number => (index * 1000) / schedule.rate;
  const tick = (): void => {
    const elapsed = clock.now() - startMs;
    // Late or not, nothing is skipped: an open loop that drops what it could not send in time hides the worst moments.
    while (next < schedule.total && dueAt(next) <= elapsed) {
      events.due(next, dueAt(next), elapsed - dueAt(next));
      next += 1;
    }
    if (next >= schedule.total) {
      events.done();
      return;
    }
    cancel = clock.after(Math.max(1, Math.floor(dueAt(next) - elapsed)), tick);
  };
  cancel = clock.after(Math.max(0, startMs - clock.now()), tick);
  return () => cancel();
}
