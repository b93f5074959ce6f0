import { describe, expect, it } from "vitest";
import { maxSites, outcome, RequestLog } from "./request-log.ts";

describe("RequestLog", () => {
  it("keeps the first ending of a request: a late answer does not undo a time-out", () => {
    const log = new RequestLog(1);
    const row = log.open(0);
    expect(log.fail(row, 15_000)).toBe(true);
    expect(log.succeed(row, 15_001, "west")).toBe(false);
    expect(log.outcomes[row]).toBe(outcome.failed);
    expect(log.endedMs[row]).toBe(15_000);
  });

  it("refuses a request beyond its capacity", () => {
    const log = new RequestLog(1);
    log.open(0);
    expect(() => log.open(1)).toThrow(/full/);
  });

  it("refuses to end a request that was never opened", () => {
    expect(() => new RequestLog(1).fail(0, 1)).toThrow(/no row 0/);
  });

  it.each([0, -1, 1.5, Number.NaN])("refuses a capacity of %d", (capacity) => {
    expect(() => new RequestLog(capacity)).toThrow(RangeError);
  });

  it("stays bounded when every answer names another site", () => {
    const log = new RequestLog(maxSites + 10);
    for (let index = 0; index < log.capacity; index += 1) log.succeed(log.open(index), index, `site-${index}`);
    expect(log.siteNames).toHaveLength(maxSites);
    expect(log.sites[log.count - 1]).toBe(maxSites - 1);
  });
});
