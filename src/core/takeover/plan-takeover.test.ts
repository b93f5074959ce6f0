import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ServiceCluster } from "../../../test/takeover/service-cluster.ts";
import type { TakeoverPlan, TakeoverView } from "../../model/takeover.ts";
import { planTakeover } from "./plan-takeover.ts";

const HELD = { "tandem.dev/held": "uid-policy" };
const DIRECT = { uid: "uid-policy", mode: "Direct" } as const;
const ORIGIN = "web-tandem-origin";
const SLICE = "web-tandem-ipv4";

/** Plans and carries out until nothing is left to do. */
function settle(cluster: ServiceCluster, rest: Partial<TakeoverView> = {}): TakeoverPlan {
  for (let turn = 0; turn < 10; turn += 1) {
    const plan = planTakeover(cluster.view(rest));
    if (plan.changes.length === 0) return plan;
    cluster.apply(plan.changes);
  }
  throw new Error("it never comes to an end");
}

/** What a plan does, in short. */
const done = ({ changes }: TakeoverPlan): readonly string[] =>
  changes.map((change) => `${change.do} ${change.do === "create" ? change.object.metadata.name : change.name}`);

test("what returns is looked at again at once, also while somebody contests the selector", () => {
  const cluster = new ServiceCluster();
  settle(cluster);
  const contest = { by: "gitops", holdAgainAt: 0, endsAt: Number.MAX_SAFE_INTEGER };
  // Another site serves no more: the selector goes back, and ours serve until Kubernetes' own slices do.
  const home: Partial<TakeoverView> = { policy: DIRECT, switched: false, contest };
  cluster.apply(planTakeover(cluster.view(home)).changes);
  const returning = planTakeover(cluster.view({ ...home, returned: false }));
  expect([returning.state, returning.contestedBy, returning.nextLookAt]).toEqual(["Returning", "gitops", undefined]);
});

test("a check that pods have no more is taken from the origin, one that is not known is left", () => {
  const cluster = new ServiceCluster();
  const check = { http: { path: "/ready", port: 8080 }, unhealthyThreshold: 2, healthyThreshold: 1 };
  const annotation = (): unknown => cluster.get("services", ORIGIN)?.metadata["annotations"];
  settle(cluster, { check });
  expect(annotation()).toHaveProperty(["tandem.dev/check"]);
  settle(cluster, { check: undefined });
  expect(annotation()).toHaveProperty(["tandem.dev/check"]);
  settle(cluster, { check: null });
  expect(annotation()).not.toHaveProperty(["tandem.dev/check"]);
});

describe("Gateway mode", () => {
  test("first what it takes is made, then the Service is held, both writes at once", () => {
    const cluster = new ServiceCluster();
    const first = planTakeover(cluster.view());
    expect([first.state, done(first)]).toEqual(["Preparing", [`create ${ORIGIN}`, `create ${SLICE}`]]);
    cluster.apply(first.changes);
    expect([cluster.ready, cluster.selector]).toEqual([[false], { app: "web" }]);
    const second = planTakeover(cluster.view());
    expect([second.state, done(second)]).toEqual(["Held", [`patch ${SLICE}`, "patch web"]]);
    cluster.apply(second.changes);
    expect([cluster.ready, cluster.selector]).toEqual([[true], HELD]);
    expect(planTakeover(cluster.view())).toEqual({ state: "Held", changes: [], refusals: [] });
  });

  test("the origin has the selector and ports of the Service, and says where gateways listen", () => {
    const cluster = new ServiceCluster();
    settle(cluster);
    expect(cluster.get("services", ORIGIN)).toMatchObject({
      metadata: {
        labels: { "tandem.dev/origin-of": "web" },
        annotations: { "tandem.dev/listen": "http=20001" },
        ownerReferences: [{ kind: "Service", name: "web", uid: "uid-web" }],
      },
      spec: { clusterIP: "None", selector: { app: "web" }, ports: [{ name: "http", port: 80, targetPort: "web" }] },
    });
  });

  test("the slice has the Service's port names, the gateways' addresses, and a copy of the selector", () => {
    const cluster = new ServiceCluster();
    settle(cluster);
    expect(cluster.get("endpointSlices", SLICE)).toMatchObject({
      metadata: {
        labels: { "kubernetes.io/service-name": "web", "endpointslice.kubernetes.io/managed-by": "tandem.dev" },
        annotations: { "tandem.dev/selector": '{"app":"web"}' },
      },
      addressType: "IPv4",
      ports: [{ name: "http", port: 20_001 }],
      endpoints: [{ addresses: ["10.1.0.9"], conditions: { ready: true } }],
    });
  });

  test("with no gateway left the selector is back, and the slice has no address that nobody has", () => {
    const cluster = new ServiceCluster();
    settle(cluster);
    const plan = settle(cluster, { gateways: [] });
    expect([plan.state, cluster.selector, cluster.ready]).toEqual(["Prepared", { app: "web" }, []]);
    expect(settle(cluster).state).toBe("Held");
  });

  test("a dead gateway leaves the slice, and nothing else is written", () => {
    const cluster = new ServiceCluster();
    const both = ["10.1.0.9", "10.1.0.10"].map((IPv4, index) => ({ name: `west-${index}`, addresses: { IPv4 } }));
    settle(cluster, { gateways: both });
    const plan = planTakeover(cluster.view({ gateways: both.slice(1) }));
    expect(done(plan)).toEqual([`patch ${SLICE}`]);
    cluster.apply(plan.changes);
    expect(cluster.view().gatewaySlices[0]?.endpoints?.map(({ addresses }) => addresses)).toEqual([["10.1.0.10"]]);
  });

  test("a selector that somebody sets while the Service is held is the new original", () => {
    const cluster = new ServiceCluster();
    settle(cluster);
    const service = cluster.get("services", "web");
    cluster.put("services", {
      ...service,
      metadata: { name: "web", namespace: "shop" },
      spec: { ...(service?.["spec"] as object), selector: { app: "other" } },
    });
    expect(settle(cluster).state).toBe("Held");
    expect(cluster.selector).toEqual(HELD);
    expect(cluster.get("services", ORIGIN)).toMatchObject({ spec: { selector: { app: "other" } } });
    settle(cluster, { policy: undefined });
    expect([cluster.selector, cluster.extras()]).toEqual([{ app: "other" }, []]);
  });

  test("both families of a Service are held, or none", () => {
    const cluster = new ServiceCluster({ ipFamilies: ["IPv4", "IPv6"] });
    expect(settle(cluster).state).toBe("Preparing");
    expect(cluster.selector).toEqual({ app: "web" });
    const gateways = [{ name: "west-1", addresses: { IPv4: "10.1.0.9", IPv6: "fd00::9" } }];
    expect(settle(cluster, { gateways }).state).toBe("Held");
    expect(cluster.extras().toSorted()).toEqual(["web-tandem-ipv4", "web-tandem-ipv6", ORIGIN]);
  });

  test("a changed port reaches origin and slice", () => {
    const cluster = new ServiceCluster();
    settle(cluster);
    const service = cluster.get("services", "web");
    const ports = [
      { name: "http", port: 80, targetPort: "web" },
      { name: "admin", port: 81 },
    ];
    cluster.put("services", {
      ...service,
      metadata: { name: "web", namespace: "shop", uid: "uid-web" },
      spec: { ...(service?.["spec"] as object), ports },
    });
    const listenPorts = new Map([
      [80, 20_001],
      [81, 20_002],
    ]);
    settle(cluster, { listenPorts });
    expect(cluster.get("services", ORIGIN)).toMatchObject({ spec: { ports } });
    expect(cluster.get("services", ORIGIN)?.metadata).toMatchObject({
      annotations: { "tandem.dev/listen": "http=20001,admin=20002" },
    });
    expect(cluster.view({ listenPorts }).gatewaySlices[0]?.ports?.map(({ port }) => port)).toEqual([20_001, 20_002]);
  });
});

describe("the selector is never lost", () => {
  const change = (cluster: ServiceCluster, selector: Readonly<Record<string, string>>): void => {
    const service = cluster.get("services", "web");
    const spec = { ...(service?.["spec"] as object), selector };
    cluster.put("services", { ...service, metadata: { ...service?.metadata, name: "web" }, spec });
  };

  test("one that was merged with our mark, as applying a manifest does, is the new original", () => {
    const cluster = new ServiceCluster();
    settle(cluster);
    change(cluster, { ...HELD, app: "other" });
    expect(settle(cluster).state).toBe("Held");
    expect(cluster.selector).toEqual(HELD);
    settle(cluster, { policy: undefined });
    expect(cluster.selector).toEqual({ app: "other" });
  });

  test("a new one is copied before the Service is held again", () => {
    const cluster = new ServiceCluster();
    settle(cluster);
    change(cluster, { app: "other" });
    const plan = planTakeover(cluster.view());
    expect(done(plan)).toEqual([`patch ${ORIGIN}`, `patch ${SLICE}`, "patch web"]);
    cluster.apply(plan.changes);
    expect([cluster.selector, cluster.ready]).toEqual([{ app: "other" }, [true]]);
    expect(settle(cluster).state).toBe("Held");
  });

  test("the copy beside the mark is enough to restore it, and goes with it", () => {
    const cluster = new ServiceCluster();
    settle(cluster);
    cluster.remove("services", ORIGIN);
    cluster.remove("endpointSlices", SLICE);
    expect(settle(cluster, { policy: undefined }).state).toBe("Released");
    expect(cluster.selector).toEqual({ app: "web" });
    expect(cluster.get("services", "web")?.metadata["annotations"] ?? {}).toEqual({});
  });

  test("a Service that was made anew is not held on what will be collected with the one before", () => {
    const cluster = new ServiceCluster();
    settle(cluster);
    const spec = { ...(cluster.get("services", "web")?.["spec"] as object), selector: { app: "web" } };
    cluster.put("services", { metadata: { name: "web", namespace: "shop", uid: "uid-new" }, spec });
    const plan = planTakeover(cluster.view());
    expect(done(plan)).toEqual([`patch ${ORIGIN}`, `patch ${SLICE}`]);
    cluster.apply(plan.changes);
    expect(cluster.get("services", ORIGIN)?.metadata).toMatchObject({ ownerReferences: [{ uid: "uid-new" }] });
    expect(settle(cluster).state).toBe("Held");
  });
});

describe("Direct mode", () => {
  test("everything is prepared, and the Service is left to itself", () => {
    const cluster = new ServiceCluster();
    expect(settle(cluster, { policy: DIRECT }).state).toBe("Prepared");
    expect([cluster.selector, cluster.ready]).toEqual([{ app: "web" }, [false]]);
  });

  test("a switch is two writes, which do not wait for each other", () => {
    const cluster = new ServiceCluster();
    settle(cluster, { policy: DIRECT });
    const plan = planTakeover(cluster.view({ policy: DIRECT, switched: true }));
    expect([plan.state, done(plan)]).toEqual(["Held", [`patch ${SLICE}`, "patch web"]]);
  });

  test("on the way back the gateways serve until Kubernetes' own slices do", () => {
    const cluster = new ServiceCluster();
    settle(cluster, { policy: DIRECT });
    settle(cluster, { policy: DIRECT, switched: true });
    const back = settle(cluster, { policy: DIRECT, returned: false });
    expect([back.state, cluster.selector, cluster.ready]).toEqual(["Returning", { app: "web" }, [true]]);
    const done = settle(cluster, { policy: DIRECT, returned: true });
    expect([done.state, cluster.ready]).toEqual(["Prepared", [false]]);
  });
});

describe("release", () => {
  test("everything is as it was, nothing of ours is left, and the gateways serve in between", () => {
    const cluster = new ServiceCluster();
    settle(cluster);
    const back = settle(cluster, { policy: undefined, returned: false });
    expect([back.state, cluster.selector, cluster.ready]).toEqual(["Returning", { app: "web" }, [true]]);
    expect(settle(cluster, { policy: undefined }).state).toBe("Released");
    expect([cluster.selector, cluster.extras()]).toEqual([{ app: "web" }, []]);
  });

  test("gateways serve on while proxies and connections take their time; then the origin goes", () => {
    const cluster = new ServiceCluster();
    const { now } = cluster.view();
    settle(cluster);
    const waiting = settle(cluster, { policy: undefined, now, drainMs: 10_000 });
    expect(waiting).toMatchObject({ state: "Returning", nextLookAt: now + 10_000 });
    expect([cluster.selector, cluster.extras()]).toEqual([{ app: "web" }, [ORIGIN]]);
    expect(cluster.get("services", ORIGIN)?.metadata).toMatchObject({
      annotations: { "tandem.dev/released": "2026-05-01T12:00:00.000Z" },
    });
    expect(settle(cluster, { policy: undefined, now: now + 10_000, drainMs: 10_000 }).state).toBe("Released");
  });

  test("a policy that comes back meanwhile holds the Service again, and nobody says good-bye any more", () => {
    const cluster = new ServiceCluster();
    settle(cluster);
    settle(cluster, { policy: undefined, drainMs: 10_000 });
    expect(settle(cluster).state).toBe("Held");
    expect(cluster.get("services", ORIGIN)?.metadata["annotations"]).not.toHaveProperty("tandem.dev/released");
  });

  test.each([ORIGIN, SLICE])("also when %s was deleted", (name) => {
    const cluster = new ServiceCluster();
    settle(cluster);
    cluster.remove(name === ORIGIN ? "services" : "endpointSlices", name);
    expect(settle(cluster, { policy: undefined }).state).toBe("Released");
    expect([cluster.selector, cluster.extras()]).toEqual([{ app: "web" }, []]);
  });

  test("a Service whose selector is nowhere any more is left to its owner, and it is said", () => {
    const cluster = new ServiceCluster();
    settle(cluster);
    cluster.remove("services", ORIGIN);
    cluster.remove("endpointSlices", SLICE);
    const service = cluster.get("services", "web");
    cluster.put("services", { ...service, metadata: { name: "web", namespace: "shop", annotations: {} } });
    const plan = planTakeover(cluster.view({ policy: undefined }));
    expect([plan.state, plan.refusals.map(({ reason }) => reason)]).toEqual(["Refused", ["SelectorLost"]]);
  });

  test("of a Service that is gone nothing is left to do", () => {
    const cluster = new ServiceCluster();
    settle(cluster);
    cluster.remove("services", "web");
    expect(planTakeover(cluster.view())).toEqual({ state: "Released", changes: [], refusals: [] });
  });
});

describe("what is left alone", () => {
  test.each([
    ["ExternalName", { type: "ExternalName", clusterIP: "", selector: undefined }],
    ["Headless", { clusterIP: "None" }],
    ["Selectorless", { selector: undefined }],
    ["NotTcp", { ports: [{ name: "dns", port: 53, protocol: "UDP" }] }],
    ["InternalTrafficPolicyLocal", { internalTrafficPolicy: "Local" }],
    ["ExternalTrafficPolicyLocal", { type: "LoadBalancer", externalTrafficPolicy: "Local" }],
    ["SessionAffinity", { sessionAffinity: "ClientIP" }],
  ])("%s", (reason, spec) => {
    const plan = planTakeover(new ServiceCluster(spec).view());
    expect([plan.state, plan.changes]).toEqual(["Refused", []]);
    expect(plan.refusals.map((refusal) => refusal.reason)).toEqual([reason]);
  });

  test("what an annotation allows is not left alone, and only that", () => {
    const allow = { annotations: { "tandem.dev/allow": "SessionAffinity, Headless" } };
    expect(settle(new ServiceCluster({ sessionAffinity: "ClientIP" }, allow)).state).toBe("Held");
    expect(settle(new ServiceCluster({ clusterIP: "None" }, allow)).state).toBe("Refused");
    expect(settle(new ServiceCluster({ internalTrafficPolicy: "Local" }, allow)).state).toBe("Refused");
  });

  test("a held Service that becomes one to leave alone is released", () => {
    const cluster = new ServiceCluster();
    settle(cluster);
    const service = cluster.get("services", "web");
    cluster.put("services", {
      ...service,
      metadata: { name: "web", namespace: "shop", uid: "uid-web" },
      spec: { ...(service?.["spec"] as object), sessionAffinity: "ClientIP" },
    });
    const plan = settle(cluster);
    expect([plan.state, cluster.selector, cluster.extras()]).toEqual(["Refused", { app: "web" }, []]);
  });
});

test("killed at any point between any writes, whatever was wanted, a release leaves everything as it was", () => {
  const gateway = (n: number): TakeoverView["gateways"][number] => ({
    name: `west-${n}`,
    addresses: { IPv4: `10.1.0.${n}` },
  });
  const moment = fc.record({
    mode: fc.constantFrom("Direct", "Gateway", "none"),
    switched: fc.boolean(),
    returned: fc.boolean(),
    gateways: fc.subarray([gateway(1), gateway(2)]),
    // Which of the writes of the plan still went out before the writer was killed.
    reached: fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }),
  });
  fc.assert(
    fc.property(fc.array(moment, { maxLength: 12 }), (moments) => {
      const cluster = new ServiceCluster();
      for (const { mode, reached, ...rest } of moments) {
        const policy = mode === "none" ? undefined : ({ uid: "uid-policy", mode } as const);
        const { changes } = planTakeover(cluster.view({ ...rest, policy }));
        cluster.apply(changes.filter((_change, index) => reached[index] ?? true));
      }
      expect(settle(cluster, { policy: undefined }).state).toBe("Released");
      expect([cluster.selector, cluster.extras()]).toEqual([{ app: "web" }, []]);
    }),
    { numRuns: 500 },
  );
});
