import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { powerTicks, roundTicks } from "./axis.ts";

describe("roundTicks", () => {
  it.each([
    [1000, 4, [0, 250, 500, 750, 1000]],
    [1800, 4, [0, 500, 1000, 1500, 2000]],
    [30, 10, [0, 5, 10, 15, 20, 25, 30]],
    [0.3, 3, [0, 0.1, 0.2, 0.3]],
  ])("to %d in at most %d steps", (max, count, expected) => {
    expect(roundTicks(max, count)).toEqual(expected);
  });

  it("covers the values in few steps", () => {
    fc.assert(
      fc.property(fc.double({ min: 0.01, max: 1e7, noNaN: true }), fc.integer({ min: 1, max: 12 }), (max, count) => {
        const ticks = roundTicks(max, count);
        expect(ticks.at(-1)).toBeGreaterThanOrEqual(max * (1 - 1e-6));
        expect(ticks.length).toBeLessThanOrEqual(count + 1);
      }),
    );
  });
});

describe("powerTicks", () => {
  it.each([
    [1, 100, [1, 10, 100]],
    [0.5, 700, [0.1, 1, 10, 100, 1000]],
    [10, 10, [10, 100]],
  ])("from %d to %d", (min, max, expected) => {
    expect(powerTicks(min, max).map((tick) => Number(tick.toPrecision(6)))).toEqual(expected);
  });
});
