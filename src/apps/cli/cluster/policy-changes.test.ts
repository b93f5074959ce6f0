import { expect, test } from "vitest";
import { policyChanges, renderChanges, toKeep } from "./policy-changes.ts";
import type { PolicyOrder } from "./policy-order.ts";

const before = {
  mode: "Gateway",
  profile: "fast",
  sites: [{ name: "west" }, { name: "east" }],
  healthCheck: { http: { path: "/healthz", port: 8081 }, unhealthyThreshold: 2 },
  retry: { attempts: 5, hedge: true },
};

test("what differs is named field by field, and what one side lacks as a whole", () => {
  const after = {
    mode: "Direct",
    profile: "fast",
    sites: [{ name: "west" }],
    retry: { attempts: 5, hedge: true },
    failback: { holdDown: "1m" },
  };
  expect(renderChanges(policyChanges(before, after))).toEqual([
    'added    spec.failback: {"holdDown":"1m"}',
    'removed  spec.healthCheck: {"http":{"path":"/healthz","port":8081},"unhealthyThreshold":2}',
    "changed  spec.mode: Gateway -> Direct",
    "changed  spec.sites: west, east -> west",
  ]);
});

test("within what both have only the fields that differ are named", () => {
  const after = { ...before, healthCheck: { http: { path: "/ready" }, unhealthyThreshold: 2 } };
  expect(renderChanges(policyChanges(before, after))).toEqual([
    "changed  spec.healthCheck.http.path: /healthz -> /ready",
    "removed  spec.healthCheck.http.port: 8081",
  ]);
});

test("the order of fields is no change, that of sites is", () => {
  const reordered = Object.fromEntries(Object.entries(before).toReversed());
  expect(policyChanges(before, reordered)).toEqual([]);
  const preferred = { ...before, sites: before.sites.toReversed() };
  expect(renderChanges(policyChanges(before, preferred))).toEqual(["changed  spec.sites: west, east -> east, west"]);
});

const order: PolicyOrder = { service: "shop/web", mode: "Direct", sites: ["west", "east"] };

test.each<[string, Partial<PolicyOrder> & { readonly modeGiven?: boolean }, object, string]>([
  [
    "all that was not given",
    {},
    { mode: "Direct", profile: "standard" },
    "--mode Gateway --check-path /healthz --check-port 8081 --profile fast",
  ],
  [
    "nothing that was given otherwise",
    { modeGiven: true, checkPath: "/ready", profile: "standard" },
    { mode: "Direct", profile: "standard", healthCheck: { http: { path: "/ready" } } },
    "--check-port 8081",
  ],
  ["nothing where nothing went", {}, before, ""],
])("it is said how to keep %s", (_what, given, after, options) => {
  const { modeGiven = false, ...rest } = given;
  expect(toKeep({ ...order, ...rest }, { before, after, modeGiven }).join(" ")).toBe(options);
});
