import { describe, expect, test } from "vitest";
import type { PolicyStatus } from "../../model/policy-status.ts";
import type { ServiceReport } from "../../model/service-report.ts";
import type { TakeoverPlan } from "../../model/takeover.ts";
import { isSameStatus, planPolicyStatus, type PolicyStatusView, type TargetView } from "./plan-policy-status.ts";
import { policyEvents } from "./policy-events.ts";

/** 2026-05-01T12:00:00Z. */
const NOW = 1_777_636_800_000;

const condition = (type: string, status: string, reason: string, message = ""): unknown => ({
  type,
  status,
  reason,
  message,
});

const WELL = [
  condition("Accepted", "True", "Accepted"),
  condition("Programmed", "True", "Programmed"),
  condition("Protected", "True", "SecondHomeReady", "can be served by west, east"),
  condition("FailedOver", "False", "Home"),
  condition("Degraded", "False", "Well"),
  condition("Consistent", "True", "SameSpec"),
];

function report(changes: Partial<ServiceReport> = {}, conditions: readonly unknown[] = []): ServiceReport {
  const changed = new Map(conditions.map((one) => [(one as { type: string }).type, one]));
  return {
    servingSite: "west",
    sites: [
      { name: "west", healthy: 3, total: 3, standby: false },
      { name: "east", healthy: 2, total: 2, standby: false },
    ],
    check: "http GET /healthz",
    checkIntervalMs: 250,
    conditions: WELL.map((one) => changed.get((one as { type: string }).type) ?? one) as ServiceReport["conditions"],
    ...changes,
  };
}

const plan = (state: TakeoverPlan["state"], more: Partial<TakeoverPlan> = {}): TakeoverPlan => ({
  state,
  changes: [],
  refusals: [],
  ...more,
});

function target(reports: readonly ServiceReport[], more: Partial<TargetView> = {}): TargetView {
  return { name: "web", exists: true, takeover: plan("Held"), ports: [{ port: 80, reports }], ...more };
}

function view(targets: readonly TargetView[], more: Partial<PolicyStatusView> = {}): PolicyStatusView {
  return {
    site: "west",
    generation: 4,
    before: undefined,
    targets,
    paused: false,
    conflict: undefined,
    now: NOW,
    ...more,
  };
}

function conditionIn(status: PolicyStatus | undefined, type: string): unknown {
  const {
    lastTransitionTime: _,
    observedGeneration: __,
    ...rest
  } = status?.conditions.find((one) => one.type === type) ?? { lastTransitionTime: "", observedGeneration: 0 };
  return rest;
}

describe("a policy's status", () => {
  test("takes back what the controller itself said and is so no more, also while no gateway is heard", () => {
    const paused = planPolicyStatus(view([target([])], { paused: true }));
    expect(conditionIn(paused, "Accepted")).toMatchObject({ status: "False", reason: "Paused" });
    const resumed = planPolicyStatus(view([target([])], { before: paused, generation: 5 }));
    expect(conditionIn(resumed, "Accepted")).toMatchObject({ status: "True", reason: "Accepted" });
    expect(resumed?.observedGeneration).toBe(5);
    expect(planPolicyStatus(view([target([])], { before: resumed, generation: 5 }))).toBeUndefined();
  });

  test("of a Service that is well", () => {
    expect(planPolicyStatus(view([target([report(), report()])]))).toEqual({
      observedGeneration: 4,
      conditions: WELL.map((one) => ({
        ...(one as object),
        observedGeneration: 4,
        lastTransitionTime: "2026-05-01T12:00:00Z",
      })),
      servingSite: "west",
      traffic: "Gateways",
      healthy: "3/3",
      standby: "east 2/2",
      check: "http GET /healthz",
      sites: [
        { name: "west", healthy: 3, total: 3, checkInterval: "250ms" },
        { name: "east", healthy: 2, total: 2 },
      ],
    });
  });

  test("is not touched before a gateway was heard, unless the Service cannot be protected anyway", () => {
    expect(planPolicyStatus(view([target([])]))).toBeUndefined();
    const status = planPolicyStatus(view([target([], { exists: false, takeover: undefined, ports: [] })]));
    expect(conditionIn(status, "Accepted")).toEqual(
      condition("Accepted", "False", "ServiceNotFound", "there is no Service web in this namespace"),
    );
  });

  test("shows the worst of several gateways and ports, and which port that is", () => {
    const bad = condition("Degraded", "True", "EndpointsUnhealthy", "west has 1 of 3 endpoints healthy");
    const sites = [{ name: "west", healthy: 1, total: 3, standby: false }];
    const ports = [
      { port: 80, reports: [report(), report()] },
      { port: 81, reports: [report(), report({ sites, servingSite: "east" }, [bad])] },
    ];
    const status = planPolicyStatus(view([target([], { ports })]));
    expect(conditionIn(status, "Degraded")).toMatchObject({ message: "web/81: west has 1 of 3 endpoints healthy" });
    expect([status?.healthy, status?.servingSite]).toEqual(["1/3", "east, west"]);
  });

  test("says why a Service is left alone, and how that is allowed", () => {
    const refusals = [{ reason: "SessionAffinity", message: "has sessionAffinity: ClientIP", allowable: true }];
    const status = planPolicyStatus(view([target([], { takeover: plan("Refused", { refusals }) })]));
    expect(conditionIn(status, "Accepted")).toMatchObject({
      reason: "SessionAffinity",
      message: expect.stringContaining("tandem.dev/allow: SessionAffinity") as string,
    });
  });

  test("another policy that counts is a reason too", () => {
    const status = planPolicyStatus(view([target([report()])], { conflict: { service: "web", policy: "first" } }));
    expect(conditionIn(status, "Accepted")).toMatchObject({ reason: "Conflict" });
  });

  test("keeps the time of a condition that has not changed", () => {
    const before = planPolicyStatus(view([target([report()])]));
    const failed = report({ servingSite: "east" }, [condition("FailedOver", "True", "CheckFailed", "east serves")]);
    const now = planPolicyStatus(view([target([failed])], { before, now: NOW + 5_000 }));
    const times = Object.fromEntries((now?.conditions ?? []).map((one) => [one.type, one.lastTransitionTime]));
    expect([times["FailedOver"], times["Accepted"]]).toEqual(["2026-05-01T12:00:05Z", "2026-05-01T12:00:00Z"]);
  });

  test("is the same as what was read back, whatever the order of fields there", () => {
    const status = planPolicyStatus(view([target([report()])]));
    const readBack = Object.fromEntries(Object.entries(status ?? {}).toReversed());
    expect(status !== undefined && isSameStatus(readBack, status)).toBe(true);
    expect(status !== undefined && isSameStatus({ ...readBack, healthy: "2/3" }, status)).toBe(false);
  });
});

describe("Events", () => {
  const well = planPolicyStatus(view([target([report()])]));
  const failedOver = planPolicyStatus(
    view([
      target([
        report(
          {
            servingSite: "east",
            lastFailover: { at: NOW, from: "west", to: "east", trigger: "CheckFailed", detectionMs: 240 },
          },
          [condition("FailedOver", "True", "CheckFailed", "east serves instead of west")],
        ),
      ]),
    ]),
  );
  const switched = planPolicyStatus(
    view([target([report({}, [condition("FailedOver", "True", "Switched", "switched to east by hand")])])]),
  );
  const bypassed = planPolicyStatus(view([target([report()], { takeover: plan("Prepared", { bypassed: true }) })]));

  test.each([
    ["failing over", well, failedOver, ["FailedOver"]],
    ["failing back", failedOver, well, ["FailedBack"]],
    ["a switch by hand", well, switched, ["Switched"]],
    ["its end", switched, well, ["SwitchEnded"]],
    ["a bypass", well, bypassed, ["Bypassed"]],
    ["its end", bypassed, well, ["BypassEnded"]],
    ["the first status of a Service that is well", undefined, well, []],
    ["the same again", failedOver, failedOver, []],
  ] as const)("%s", (_name, before, now, reasons) => {
    expect(now === undefined ? [] : policyEvents(before, now).map(({ reason }) => reason)).toEqual(reasons);
  });

  test("a failover says how long it took to see", () => {
    const [event] = failedOver === undefined ? [] : policyEvents(well, failedOver);
    expect(event?.message).toBe("east serves instead of west (CheckFailed, detected in 240 ms)");
  });
});

test("a policy that is paused says so, and its traffic goes to the pods", () => {
  const status = planPolicyStatus(view([target([])], { paused: true }));
  expect(status?.conditions).toMatchObject([{ type: "Accepted", status: "False", reason: "Paused" }]);
  expect(status?.servingSite).toBeUndefined();
});
