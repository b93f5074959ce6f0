import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { attemptsPerRequest, measureLoad, medianMeasure } from "./load-measure.ts";
import { longestGap } from "./longest-gap.ts";
import { RequestLog } from "./request-log.ts";
import { timelineOf } from "./timeline.ts";

interface Sample {
  readonly due: number;
  readonly end: number;
  readonly ok?: boolean;
  readonly site?: string;
}

function logOf(samples: readonly Sample[]): RequestLog {
  const log = new RequestLog(samples.length + 1);
  for (const sample of samples) {
    const row = log.open(sample.due);
    if (sample.ok === false) log.fail(row, sample.end);
    else log.succeed(row, sample.end, sample.site ?? "west");
  }
  return log;
}

const samples = fc.array(
  fc.record({
    due: fc.integer({ min: 0, max: 1000 }),
    took: fc.integer({ min: 0, max: 500 }),
    ok: fc.boolean(),
    site: fc.constantFrom("west", "east"),
  }),
  { maxLength: 200 },
);
const toLog = (drawn: readonly { due: number; took: number; ok: boolean; site: string }[]): RequestLog =>
  logOf(drawn.map(({ due, took, ok, site }) => ({ due, end: due + took, ok, site })));

describe("longestGap", () => {
  const window = { startMs: 0, endMs: 100 };

  it("lies between two successes", () => {
    expect(longestGap(logOf([10, 20, 70, 95].map((end) => ({ due: 0, end }))), window)).toEqual({
      startMs: 20,
      lengthMs: 50,
    });
  });

  it("reaches to the end of the window when the service never comes back", () => {
    expect(longestGap(logOf([{ due: 0, end: 30 }]), window)).toEqual({ startMs: 30, lengthMs: 70 });
  });

  it("counts from the start of the window to the first success", () => {
    expect(longestGap(logOf([{ due: 0, end: 60 }]), window)).toEqual({ startMs: 0, lengthMs: 60 });
  });

  it("is not ended by a failure", () => {
    const log = logOf([
      { due: 0, end: 10 },
      { due: 0, end: 50, ok: false },
      { due: 0, end: 90 },
    ]);
    expect(longestGap(log, window)).toEqual({ startMs: 10, lengthMs: 80 });
  });

  it("is the whole window when nothing was answered, or only after its end", () => {
    expect(longestGap(logOf([]), window)).toEqual({ startMs: 0, lengthMs: 100 });
    expect(longestGap(logOf([{ due: 90, end: 130 }]), window)).toEqual({ startMs: 0, lengthMs: 100 });
  });

  it("is at least the window divided by the successes and one, and at most the window", () => {
    fc.assert(
      fc.property(samples, (drawn) => {
        const log = toLog(drawn);
        const { lengthMs } = longestGap(log, { startMs: 0, endMs: 1000 });
        expect(lengthMs).toBeLessThanOrEqual(1000);
        expect(lengthMs).toBeGreaterThanOrEqual(1000 / (log.count + 1) - 1e-9);
      }),
    );
  });
});

describe("measureLoad", () => {
  it("counts latency from the moment a request was due", () => {
    const log = logOf([
      { due: 0, end: 5 },
      { due: 10, end: 30, site: "east" },
      { due: 20, end: 21, ok: false },
    ]);
    log.open(40);
    expect(measureLoad(log, { startMs: 0, endMs: 40 })).toEqual({
      requests: 4,
      ok: 2,
      failed: 1,
      unfinished: 1,
      failedShare: 0.25,
      longestGapMs: 25,
      longestGapStartMs: 5,
      p50Ms: 5,
      p90Ms: 20,
      p99Ms: 20,
      maxMs: 20,
      servedBy: { west: 1, east: 1 },
    });
  });

  it("has no latency where nothing was answered", () => {
    expect(measureLoad(logOf([{ due: 0, end: 5, ok: false }]), { startMs: 0, endMs: 10 })).toMatchObject({
      p50Ms: null,
      maxMs: null,
      failedShare: 1,
    });
  });

  it("accounts for every request once", () => {
    fc.assert(
      fc.property(samples, (drawn) => {
        const measured = measureLoad(toLog(drawn), { startMs: 0, endMs: 1500 });
        expect(measured.ok + measured.failed + measured.unfinished).toBe(drawn.length);
        expect(Object.values(measured.servedBy).reduce((sum, answers) => sum + answers, 0)).toBe(measured.ok);
        expect(measured.p50Ms ?? 0).toBeLessThanOrEqual(measured.maxMs ?? 0);
      }),
    );
  });
});

describe("medianMeasure", () => {
  const run = (failed: number, end: number) =>
    measureLoad(logOf([{ due: 0, end }, ...Array.from({ length: failed }, () => ({ due: 0, end: 1, ok: false }))]), {
      startMs: 0,
      endMs: 10,
    });

  it("takes the middle of each number on its own", () => {
    expect(medianMeasure([run(3, 1), run(1, 9), run(2, 5)])).toMatchObject({ runs: 3, failed: 2, p50Ms: 5, maxMs: 5 });
  });

  it("needs a run", () => {
    expect(medianMeasure([])).toBeNull();
  });
});

describe("attemptsPerRequest", () => {
  it.each([
    [9000, 9000, 1],
    [18_000, 9000, 2],
    [0, 0, null],
  ])("of %d attempts for %d requests is %s", (attempts, requests, expected) => {
    expect(attemptsPerRequest(attempts, requests)).toBe(expected);
  });
});

describe("timelineOf", () => {
  it("puts a request where it was due and its answer where it ended, without holes", () => {
    const log = logOf([
      { due: 0, end: 5 },
      { due: 50, end: 350, site: "east" },
      { due: 110, end: 120, ok: false },
    ]);
    expect(timelineOf(log, 100)).toEqual({
      bucketMs: 100,
      sites: ["west", "east"],
      buckets: [
        { atMs: 0, sent: 2, failed: 0, answers: { west: 1 }, p99Ms: 5 },
        { atMs: 100, sent: 1, failed: 1, answers: {}, p99Ms: null },
        { atMs: 200, sent: 0, failed: 0, answers: {}, p99Ms: null },
        { atMs: 300, sent: 0, failed: 0, answers: { east: 1 }, p99Ms: 300 },
      ],
    });
  });

  it("loses no request", () => {
    fc.assert(
      fc.property(samples, fc.integer({ min: 1, max: 300 }), (drawn, bucketMs) => {
        const { buckets } = timelineOf(toLog(drawn), bucketMs);
        const total = (count: (bucket: (typeof buckets)[number]) => number) =>
          buckets.reduce((sum, bucket) => sum + count(bucket), 0);
        expect(total((bucket) => bucket.sent)).toBe(drawn.length);
        expect(
          total((bucket) => bucket.failed + Object.values(bucket.answers).reduce((sum, answers) => sum + answers, 0)),
        ).toBe(drawn.length);
      }),
    );
  });

  it("refuses a bucket without length", () => {
    expect(() => timelineOf(logOf([]), 0)).toThrow(RangeError);
  });
});
