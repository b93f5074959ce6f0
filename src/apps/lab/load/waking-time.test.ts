import { expect, test } from "vitest";
import { WakingTime } from "./waking-time.ts";

test("goes on with the clock, and leaves out a standstill", () => {
  let clock = 5_000;
  const time = new WakingTime(() => clock);
  const after = (ms: number): number => {
    clock += ms;
    return time.now();
  };
  expect(after(20)).toBe(20);
  expect(after(900)).toBe(920);
  expect(after(60_000)).toBe(1_920);
  expect(after(20)).toBe(1_940);
});
