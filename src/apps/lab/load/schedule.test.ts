import { describe, expect, it } from "vitest";
import { type LoadClock, runSchedule } from "./schedule.ts";

/** A clock that jumps to each timer, and `lateMs` beyond it. */
function simulate(schedule: { rate: number; total: number }, lateMs: number, stopAfter = Number.POSITIVE_INFINITY) {
  let now = 0;
  let pending: { at: number; fire: () => void } | null = null;
  const clock: LoadClock = {
    now: () => now,
    after: (ms, then) => {
      const timer = { at: now + ms, fire: then };
      pending = timer;
      return () => {
        if (pending === timer) pending = null;
      };
    },
  };
  const due: number[] = [];
  let longestLate = 0;
  let done = 0;
  const stop = runSchedule(schedule, 10, clock, {
    due: (_index, dueMs, late) => {
      due.push(dueMs);
      longestLate = Math.max(longestLate, late);
      if (due.length >= stopAfter) stop();
    },
    done: () => {
      done += 1;
    },
  });
  for (let step = 0; pending !== null && step < 10_000; step += 1) {
    const { at, fire } = pending as { at: number; fire: () => void };
    pending = null;
    now = at + lateMs;
    fire();
  }
  return { due, longestLate, done };
}

describe("runSchedule", () => {
  it("spaces requests evenly and says once that it is done", () => {
    const { due, done } = simulate({ rate: 500, total: 5 }, 0);
    expect(due).toEqual([0, 2, 4, 6, 8]);
    expect(done).toBe(1);
  });

  it("makes up for what it missed instead of skipping it", () => {
    const { due, longestLate } = simulate({ rate: 1000, total: 1000 }, 37);
    expect(due).toHaveLength(1000);
    expect(due.at(-1)).toBe(999);
    expect(longestLate).toBeGreaterThanOrEqual(37);
  });
});
