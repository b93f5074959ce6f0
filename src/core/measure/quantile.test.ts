import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ascending, median, quantile } from "./quantile.ts";

describe("quantile", () => {
  it.each([
    [0.5, 50],
    [0.9, 90],
    [0.99, 99],
    [0.07, 7],
    [1, 100],
    [0.001, 1],
  ])("takes the nearest rank: q %d of 1..100 is %d", (q, expected) => {
    const hundred = Float64Array.from({ length: 100 }, (_, index) => index + 1);
    expect(quantile(hundred, q)).toBe(expected);
  });

  it("has no value where nothing was measured", () => {
    expect(quantile([], 0.5)).toBeNull();
  });

  it.each([0, -0.1, 1.01, Number.NaN])("refuses %d as a quantile", (q) => {
    expect(() => quantile([1], q)).toThrow(RangeError);
  });

  it("is a measured value with at least that share at or below it", () => {
    const values = fc.array(fc.double({ noNaN: true, min: 0, max: 1e6 }), { minLength: 1 });
    fc.assert(
      fc.property(values, fc.double({ noNaN: true, min: 0.001, max: 1 }), (measured, q) => {
        const value = quantile(ascending(measured), q) as number;
        expect(measured).toContain(value);
        expect(measured.filter((one) => one <= value).length / measured.length).toBeGreaterThanOrEqual(q - 1e-6);
      }),
    );
  });
});

describe("median", () => {
  it.each([
    { values: [3, 1, 2], expected: 2 },
    { values: [4, 1, 2, 3], expected: 2.5 },
    { values: [7], expected: 7 },
    { values: [], expected: null },
    { values: [1, null, null], expected: null },
    { values: [1, 2, null], expected: 2 },
  ])("of $values is $expected", ({ values, expected }) => {
    expect(median(values)).toBe(expected);
  });

  it("does not depend on the order of the runs", () => {
    fc.assert(
      fc.property(fc.array(fc.option(fc.integer(), { nil: null })), (values) => {
        expect(median(values.toReversed())).toBe(median(values));
      }),
    );
  });
});
