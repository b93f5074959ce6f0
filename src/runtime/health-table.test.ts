import { expect, test } from "vitest";
import type { EnvoyHealthEvent } from "../model/envoy-event.ts";
import { HealthTable } from "./health-table.ts";

const event = (at: number, state: "passing" | "failing", view: "in" | "out" = "out"): EnvoyHealthEvent => ({
  service: "shop/web/80",
  endpoint: "10.0.0.1:80",
  view,
  at,
  kind: "check",
  state,
});

function tableWithLog(): { table: HealthTable; changes: string[] } {
  const changes: string[] = [];
  return { table: new HealthTable((service) => changes.push(service)), changes };
}

test("an event is told once, and not again when it says nothing new", () => {
  const { table, changes } = tableWithLog();
  table.take(event(1, "passing"));
  table.take(event(2, "passing"));
  expect(changes).toEqual(["shop/web/80"]);
});

test("an answer that an event has overtaken does not undo it", () => {
  const { table } = tableWithLog();
  table.take(event(110, "passing"));
  table.correct([event(100, "failing")], 100);
  expect(table.of("shop/web/80").get("10.0.0.1:80")?.out).toBe("passing");
});

test("an answer makes up for an event that was lost", () => {
  const { table } = tableWithLog();
  table.take(event(50, "failing"));
  table.correct([event(100, "passing")], 100);
  expect(table.of("shop/web/80").get("10.0.0.1:80")?.out).toBe("passing");
});

test("the first sign of trouble is remembered until all is well again", () => {
  const { table } = tableWithLog();
  table.take(event(10, "passing"));
  table.take(event(20, "failing", "in"));
  table.take(event(30, "failing", "out"));
  expect(table.firstTroubleAt("shop/web/80")).toBe(20);
  table.take(event(40, "passing", "in"));
  table.take(event(50, "passing", "out"));
  expect(table.firstTroubleAt("shop/web/80")).toBeUndefined();
});

test("an endpoint that has been failing for long is not the first sign of what happens to the others now", () => {
  const { table } = tableWithLog();
  table.take(event(1_000, "failing"));
  table.take({ ...event(1_000_000, "failing"), endpoint: "10.0.0.2:80" });
  table.take({ ...event(1_000_500, "failing"), endpoint: "10.0.0.3:80" });
  expect(table.firstTroubleAt("shop/web/80")).toBe(1_000_000);
});

test("an endpoint that is gone is forgotten, with its trouble", () => {
  const { table } = tableWithLog();
  table.take(event(10, "failing"));
  table.follow("shop/web/80", [], 20);
  expect(table.of("shop/web/80").size).toBe(0);
  expect(table.firstTroubleAt("shop/web/80")).toBeUndefined();
});

test("Envoy's answer that an endpoint is well counts only where it checks it", () => {
  const { table } = tableWithLog();
  const out = (): string | undefined => table.of("shop/web/80").get("10.0.0.1:80")?.out;
  table.follow("shop/web/80", [{ endpoint: "10.0.0.1:80", checked: false }], 100);
  table.correct([event(200, "passing")], 200);
  expect(out()).toBeUndefined();
  table.follow("shop/web/80", [{ endpoint: "10.0.0.1:80", checked: true }], 300);
  table.correct([event(400, "passing")], 400);
  expect(out()).toBeUndefined();
  table.correct([event(1_400, "passing")], 1_400);
  expect(out()).toBe("passing");
});

test("what was known of an endpoint in the callers' cluster is forgotten when it is no longer checked there", () => {
  const { table } = tableWithLog();
  table.take(event(10, "failing"));
  table.take(event(20, "failing", "in"));
  table.follow("shop/web/80", [{ endpoint: "10.0.0.1:80", checked: false }], 30);
  expect(table.of("shop/web/80").get("10.0.0.1:80")).toEqual({ out: "unknown", in: "failing", ejected: false });
});

test.each([true, false])("where checking begins or ends an ejection is over (checked from now on: %s)", (checked) => {
  const { table, changes } = tableWithLog();
  const endpoint = "10.0.0.1:80";
  table.follow("shop/web/80", [{ endpoint, checked: !checked }], 0);
  table.take({ service: "shop/web/80", endpoint, view: "out", at: 10, kind: "outlier", ejected: true });
  expect(table.unwell()).toEqual(["shop/web/80"]);
  table.follow("shop/web/80", [{ endpoint, checked: !checked }], 20);
  expect(table.of("shop/web/80").get(endpoint)?.ejected).toBe(true);
  table.follow("shop/web/80", [{ endpoint, checked }], 30);
  expect(table.of("shop/web/80").get(endpoint)?.ejected).toBe(false);
  expect(table.unwell()).toEqual([]);
  expect(changes).toHaveLength(2);
});

test("an answer to another question is worth nothing, and one to a question that stays the same is", () => {
  const { table } = tableWithLog();
  const of = (endpoint: string): unknown => table.of("shop/web/80").get(endpoint);
  const ask = (question: string, now: number): void =>
    table.ask(
      "shop/web/80",
      new Map([
        ["10.0.0.1:80", question],
        ["10.0.0.2:80", "/b"],
      ]),
      now,
    );
  ask("/a", 0);
  for (const endpoint of ["10.0.0.1:80", "10.0.0.2:80"])
    for (const view of ["in", "out"] as const) table.take({ ...event(1, "passing", view), endpoint });
  ask("/new", 10);
  expect([of("10.0.0.1:80"), of("10.0.0.2:80")]).toEqual([
    { in: "unknown", out: "unknown", ejected: false },
    { in: "passing", out: "passing", ejected: false },
  ]);
  // What Envoy says right after it may be of before.
  table.correct([event(20, "passing", "in")], 20);
  expect(of("10.0.0.1:80")).toMatchObject({ in: "unknown" });
  table.take(event(30, "failing", "in"));
  expect(of("10.0.0.1:80")).toMatchObject({ in: "failing" });
});
