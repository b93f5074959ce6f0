import { describe, expect, it } from "vitest";
import { measureLoad, RequestLog, timelineOf } from "../../../core/measure/index.ts";
import type { DemoReport } from "./demo-report.ts";
import { renderReport } from "./render-report.ts";
import { columnsOf } from "./timeline-columns.ts";

/** Ten seconds at 100/s: west until 3 s, east until 8 s, `lost` failures at 5 s. */
function reportOf(lost: number, changes: Partial<DemoReport> = {}): DemoReport {
  const log = new RequestLog(1000);
  for (let index = 0; index < 1000; index += 1) {
    const row = log.open(index * 10);
    if (index >= 500 && index < 500 + lost) log.fail(row, index * 10 + 1);
    else log.succeed(row, index * 10 + 3, index >= 300 && index < 800 ? "east" : "west");
  }
  return {
    title: "shop/web dies in west",
    service: "shop/web",
    sites: ["west", "east"],
    startedAt: "2026-11-21T05:00:00Z",
    rate: 100,
    durationMs: 10_000,
    measure: measureLoad(log, { startMs: 0, endMs: 10_000 }),
    timeline: timelineOf(log, 100),
    events: [
      { atMs: 8000, kind: "failback", label: "failback to west", detail: "Hold-down is over." },
      { atMs: 3000, kind: "fault", label: "west killed", detail: "SIGKILL to 3 endpoints." },
    ],
    holds: [{ fromMs: 6000, toMs: 8000 }],
    nextCommands: [{ command: "tandem lab up", purpose: "to play with" }],
    versions: { Tandem: "0.1.0" },
    ...changes,
  };
}

describe("renderReport", () => {
  it("says that nothing was lost", () => {
    const page = renderReport(reportOf(0));
    expect(page).toContain("No request was lost");
    expect(page).not.toContain('<rect class="failed"');
  });

  it("shows a single lost request in words and in both pictures", () => {
    const page = renderReport(reportOf(1));
    expect(page).toContain("1 of 1\u202f000 requests were lost (0.1 %)");
    // A bar and a mark below it, in the wide picture and in the narrow one.
    expect(page.match(/<rect class="failed"/g)).toHaveLength(4);
  });

  it("does not claim success where nothing was sent", () => {
    const empty = new RequestLog(1);
    const page = renderReport(
      reportOf(0, {
        measure: measureLoad(empty, { startMs: 0, endMs: 1 }),
        timeline: timelineOf(empty, 100),
        events: [],
        holds: [],
      }),
    );
    expect(page).toContain("No request was sent");
    expect(page).not.toContain("NaN");
  });

  it("needs nothing from outside and runs no script", () => {
    const page = renderReport(reportOf(3));
    expect(page).not.toMatch(/https?:|src=|@import|url\(|<script|<link/);
  });

  it("escapes names", () => {
    const page = renderReport(
      reportOf(0, { title: "<img onerror=x>", events: [{ atMs: 1, kind: "note", label: '"><script>', detail: "&" }] }),
    );
    expect(page).not.toMatch(/<img|<script/);
  });

  it("lists events by time", () => {
    const page = renderReport(reportOf(0));
    const rows = page.slice(page.indexOf("<tbody>"));
    expect(rows.indexOf("west killed")).toBeLessThan(rows.indexOf("failback to west"));
  });

  it("draws a site that nobody expected", () => {
    expect(renderReport(reportOf(0, { sites: ["west"] }))).toContain("east, 500 answers");
  });
});

describe("columnsOf", () => {
  it.each([3, 50, 1000])("loses no answer in %d columns", (limit) => {
    const { timeline } = reportOf(7);
    const columns = columnsOf(timeline, ["west", "east"], 10_000, limit);
    expect(columns.length).toBeLessThanOrEqual(limit);
    const answers = columns.reduce(
      (sum, { fromMs, toMs, answersPerSecond }) =>
        sum + ((answersPerSecond[0] ?? 0) + (answersPerSecond[1] ?? 0)) * ((toMs - fromMs) / 1000),
      0,
    );
    expect(answers).toBeCloseTo(993, 6);
    expect(columns.reduce((sum, { failed }) => sum + failed, 0)).toBe(7);
  });
});
