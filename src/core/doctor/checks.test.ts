import { describe, expect, test } from "vitest";
import type { AgentPicture, CheckResult, ClusterPicture, ServicePicture } from "../../model/doctor.ts";
import type { NetworkPeer, NetworkRule } from "../../model/network-policy.ts";
import { CLUSTER_CHECKS } from "./cluster-checks.ts";
import { diagnose } from "./diagnose.ts";
import { GATEWAY_CHECKS } from "./gateway-checks.ts";

const NOW = 1_777_636_800_000;
const DAY = 24 * 3_600_000;
const SHOP = { name: "shop", labels: { team: "shop" } };
const TANDEM = { name: "tandem-system", labels: { "kubernetes.io/metadata.name": "tandem-system" } };

const SERVICE: ServicePicture = {
  key: "shop/web",
  held: true,
  selectorKeys: [],
  hasCopy: true,
  selectorManagers: [],
  hasPolicy: true,
  namespace: SHOP,
  podLabels: { app: "web" },
  zones: ["a", "b"],
};

/** A cluster in which nothing is wrong. */
const WELL: ClusterPicture = {
  now: NOW,
  serverAheadMs: 300,
  lease: { holder: "one", renewedAgoMs: 400, durationMs: 3_000 },
  definitions: [
    {
      name: "sites.tandem.dev",
      wanted: "v1alpha1",
      found: { established: true, served: ["v1alpha1"], sameSchema: true },
    },
  ],
  denied: [],
  policies: [{ key: "shop/web", paused: false, reported: true }],
  services: [SERVICE],
  networkPolicies: [],
  tandem: {
    namespace: TANDEM,
    pods: [
      { name: "gateway-1", labels: { app: "gateway" }, addresses: ["10.0.0.1"], zone: "a" },
      { name: "gateway-2", labels: { app: "gateway" }, addresses: ["10.0.0.2"], zone: "b" },
    ],
  },
  conditioned: [
    {
      subject: "FailoverPolicy shop/web",
      conditions: [
        { type: "Accepted", status: "True", reason: "Accepted", message: "" },
        { type: "Protected", status: "True", reason: "SecondHomeReady", message: "" },
        { type: "Degraded", status: "False", reason: "Well", message: "" },
      ],
    },
  ],
  sites: [
    {
      name: "west",
      own: true,
      labels: { region: "eu", zone: "a" },
      gateways: [
        { name: "west-1", address: "10.0.0.1", port: 15_443, open: true },
        { name: "west-2", address: "10.0.0.2", port: 15_443, open: true },
      ],
    },
    {
      name: "east",
      own: false,
      labels: { region: "eu", zone: "b" },
      gateways: [
        { name: "1", address: "10.2.0.1", port: 15_443, open: true },
        { name: "2", address: "10.2.0.2", port: 15_443, open: true },
      ],
    },
  ],
  certificates: [{ subject: "The certificate", from: NOW - DAY, until: NOW + 29 * DAY, renewedBeforeMs: 20 * DAY }],
  versions: [
    { who: "This program", version: "0.1.0" },
    { who: "The agent", version: "0.1.0" },
  ],
};

const AGENT: AgentPicture = {
  ...WELL,
  gateway: "west/west-1",
  envoy: "ready",
  peers: [{ name: "east", connected: true }],
  problems: [],
};

function faultsOf(results: readonly CheckResult[]): readonly string[] {
  return results.flatMap(({ check, faults }) =>
    faults.map(({ level, subject, message }) => `${check} ${level}: ${subject} ${message}`),
  );
}

const inCluster = (change: Partial<ClusterPicture>): readonly string[] =>
  faultsOf(diagnose(CLUSTER_CHECKS, { ...WELL, ...change }));
const ofService = (change: Partial<ServicePicture>): Partial<ClusterPicture> => ({
  services: [{ ...SERVICE, ...change }],
});
const withCondition = (type: string, status: string, reason: string): Partial<ClusterPicture> => ({
  conditioned: [{ subject: "FailoverPolicy shop/web", conditions: [{ type, status, reason, message: "so it is" }] }],
});

test("where nothing is wrong every check is ok", () => {
  for (const results of [diagnose(CLUSTER_CHECKS, WELL), diagnose(GATEWAY_CHECKS, AGENT)])
    expect(results.filter(({ result }) => result !== "ok")).toEqual([]);
});

test("what could not be read is not said to be well", () => {
  const unread: ClusterPicture = {
    ...WELL,
    serverAheadMs: undefined,
    lease: undefined,
    definitions: undefined,
    denied: undefined,
    policies: undefined,
    services: undefined,
    networkPolicies: undefined,
    tandem: undefined,
    conditioned: undefined,
    sites: undefined,
  };
  const seen = diagnose(CLUSTER_CHECKS, unread).filter(({ result }) => result !== "unknown");
  expect(seen.map(({ check }) => check)).toEqual(["Certificates", "Versions"]);
});

describe("each fault is found, and nothing else", () => {
  test.each<[string, Partial<ClusterPicture>, string]>([
    [
      "a rejected resource",
      withCondition("Programmed", "False", "RejectedByEnvoy"),
      "Rejected error: FailoverPolicy shop/web RejectedByEnvoy",
    ],
    ["a policy that is not accepted", withCondition("Accepted", "False", "SessionAffinity"), "NotAccepted error"],
    ["no healthy standby", withCondition("Protected", "False", "NoHealthyStandby"), "Standby error"],
    ["a suspect check", withCondition("Degraded", "True", "CheckSuspect"), "HealthCheck error"],
    ["a check that never passed", withCondition("Degraded", "True", "CheckUnknown"), "HealthCheck error"],
    ["something degraded", withCondition("Degraded", "True", "EndpointsUnhealthy"), "Degraded warning"],
    ["another spec elsewhere", withCondition("Consistent", "False", "SpecDiffers"), "SameSpec warning"],
    [
      "a missing permission",
      { denied: [{ who: "You", what: "patch services", isTandem: false }] },
      "Permissions warning: You may not patch services",
    ],
    [
      "one that Tandem lacks",
      { denied: [{ who: "ServiceAccount t/a", what: "list services", isTandem: true }] },
      "Permissions error",
    ],
    [
      "a definition that is gone",
      { definitions: [{ name: "sites.tandem.dev", wanted: "v1alpha1", found: undefined }] },
      "Definitions error: Definition sites.tandem.dev is not there",
    ],
    [
      "one that is not served",
      {
        definitions: [
          { name: "s", wanted: "v1alpha1", found: { established: false, served: ["v1alpha1"], sameSchema: true } },
        ],
      },
      "Definitions error: Definition s is there",
    ],
    [
      "one of a later version",
      {
        definitions: [
          { name: "s", wanted: "v1alpha1", found: { established: true, served: ["v1"], sameSchema: true } },
        ],
      },
      "Definitions error: Definition s serves v1 and not v1alpha1",
    ],
    [
      "one with other fields",
      {
        definitions: [
          { name: "s", wanted: "v1alpha1", found: { established: true, served: ["v1alpha1"], sameSchema: false } },
        ],
      },
      "Definitions warning",
    ],
    [
      "an API server whose clock is behind",
      { serverAheadMs: -60_000 },
      "Clocks warning: The API server's clock is 60 s behind of this machine's",
    ],
    [
      "a controller whose clock is ahead",
      { lease: { holder: "one", renewedAgoMs: -30_000, durationMs: 3_000 } },
      "Clocks warning: The clock of one is 30 s ahead",
    ],
    [
      "a dead controller",
      { lease: { holder: "one", renewedAgoMs: 60_000, durationMs: 3_000 } },
      "Controller error: The controller one led 60 s ago",
    ],
    ["no controller at all", { lease: null }, "Controller error: The controller nobody leads"],
    [
      "a pause",
      { policies: [{ key: "shop/web", paused: true, reported: true }] },
      "Policies warning: FailoverPolicy shop/web is paused",
    ],
    [
      "a policy of which nobody speaks",
      { policies: [{ key: "shop/web", paused: false, reported: false }] },
      "Policies warning",
    ],
    [
      "a selector that was put back",
      ofService({ held: false, selectorKeys: ["app"], selectorManagers: ["argocd"] }),
      "Selectors error: Service shop/web argocd sets its selector again",
    ],
    ["a selector that was merged", ofService({ selectorKeys: ["app"] }), "Selectors error: Service shop/web somebody"],
    ["a Service that is held for nobody", ofService({ hasPolicy: false }), "LeftBehind error"],
    ["all endpoints in one zone", ofService({ zones: ["a", "a"] }), "Zones warning: Service shop/web"],
    [
      "all gateways in one zone",
      { tandem: { namespace: TANDEM, pods: (WELL.tandem?.pods ?? []).map((pod) => ({ ...pod, zone: "a" })) } },
      "Zones warning: Tandem",
    ],
    [
      "one version among others",
      { versions: [...WELL.versions, { who: "Pod x", version: "0.2.0" }] },
      "Versions warning: Pod x is 0.2.0; This program is 0.1.0",
    ],
    [
      "a certificate that ended",
      { certificates: [{ subject: "It", from: 0, until: NOW, renewedBeforeMs: DAY }] },
      "Certificates error: It has ended",
    ],
    [
      "one that was not renewed",
      { certificates: [{ subject: "It", from: 0, until: NOW + 5 * DAY, renewedBeforeMs: 20 * DAY }] },
      "Certificates warning: It ends in 5 days",
    ],
    [
      "one of a wrong clock",
      { certificates: [{ subject: "It", from: NOW + 1, until: NOW + 50 * DAY, renewedBeforeMs: DAY }] },
      "Certificates error: It is not valid yet",
    ],
  ])("%s", (_what, change, found) => {
    const faults = inCluster(change);
    expect([faults.length, faults[0]?.slice(0, found.length)]).toEqual([1, found]);
  });

  test.each<[string, Partial<AgentPicture>, string]>([
    ["no Envoy", { envoy: "absent" }, "Envoy error: Gateway west/west-1 no Envoy"],
    ["a peer that is not heard", { peers: [{ name: "east", connected: false }] }, "Peers warning: Site east"],
    [
      "a problem of the agent",
      { problems: [{ message: "port taken", remedy: "Choose" }] },
      "Problems error: Gateway west/west-1 port taken",
    ],
  ])("at a gateway: %s", (_what, change, found) => {
    const faults = faultsOf(diagnose(GATEWAY_CHECKS, { ...AGENT, ...change }));
    expect([faults.length, faults[0]?.slice(0, found.length)]).toEqual([1, found]);
  });
});

describe("sites", () => {
  const [west, east] = WELL.sites ?? [];
  if (west === undefined || east === undefined) throw new Error("the cluster has two sites");

  test("a closed port of a peer is an error; of the own site it may be closed from here alone", () => {
    const closed = [west, east].map((site) => ({
      ...site,
      gateways: site.gateways.map((gateway, index) => ({ ...gateway, open: index > 0 })),
    }));
    expect(inCluster({ sites: closed }).map((fault) => fault.split(" nobody")[0])).toEqual([
      "Ports warning: Gateway west/west-1",
      "Ports error: Gateway east/1",
    ]);
  });

  test("ports that nobody tried are not said to be open", () => {
    const untried = [{ ...west, gateways: west.gateways.map((gateway) => ({ ...gateway, open: undefined })) }];
    const ports = diagnose(CLUSTER_CHECKS, { ...WELL, sites: untried }).find(({ check }) => check === "Ports");
    expect(ports?.result).toBe("unknown");
  });

  test("one address is a single path", () => {
    const single = { ...east, gateways: east.gateways.slice(1) };
    expect(inCluster({ sites: [west, single] })).toEqual([
      "SinglePath warning: Site east is reached by one address only: 10.2.0.2; with it the site is gone",
    ]);
  });

  test.each([
    [{ region: "eu", zone: "a" }, 1],
    [{ region: "eu" }, 1],
    [{ region: "us", zone: "a" }, 0],
    [{}, 0],
  ])("a second home with the labels %j beside region eu, zone a", (labels, faults) => {
    expect(inCluster({ sites: [west, { ...east, labels: labels as Record<string, string> }] })).toHaveLength(faults);
  });
});

describe("NetworkPolicies", () => {
  const to = (...peers: readonly NetworkPeer[]): NetworkRule => ({ peers, ports: [] });
  const DENY_ALL = {
    namespace: "shop",
    name: "deny",
    podSelector: {},
    policyTypes: ["Ingress", "Egress"],
    ingress: [],
    egress: [],
  };
  const found = (...policies: NonNullable<ClusterPicture["networkPolicies"]>): readonly string[] =>
    inCluster({ networkPolicies: policies }).map((fault) =>
      fault.replace(/^NetworkPolicies (\w+): Service shop\/web NetworkPolicies /, "$1 "),
    );

  test("default-deny stands between pods and gateways in both directions", () => {
    expect(found(DENY_ALL)).toEqual([
      "error shop/deny do not let gateways reach its pods",
      "warning shop/deny do not let pods of its namespace reach gateways, which serve it while it is held",
    ]);
  });

  test.each([
    ["the gateways' namespace", { namespaceSelector: { matchLabels: TANDEM.labels } }],
    ["their pods in it", { namespaceSelector: {}, podSelector: { matchLabels: { app: "gateway" } } }],
    ["their addresses", { ipBlock: { cidr: "10.0.0.0/24" } }],
    [
      "an expression",
      { namespaceSelector: { matchExpressions: [{ key: "team", operator: "NotIn", values: ["shop"] }] } },
    ],
  ])("a rule that names %s opens the way", (_what, peer) => {
    const open = { ...DENY_ALL, name: "open", ingress: [to(peer)], egress: [to(peer)] };
    expect(found(DENY_ALL, open)).toEqual([]);
  });

  test.each([
    ["pods of the same namespace", { podSelector: {} }],
    ["other pods", { namespaceSelector: {}, podSelector: { matchLabels: { app: "other" } } }],
    ["a network without the gateways", { ipBlock: { cidr: "10.0.0.0/8", except: ["10.0.0.0/24"] } }],
  ])("a rule that names %s does not", (_what, peer) => {
    expect(found({ ...DENY_ALL, ingress: [to(peer)], egress: [to(peer)] })).toHaveLength(2);
  });

  test("one that selects other pods is of no concern, and an empty rule lets everybody through", () => {
    expect(found({ ...DENY_ALL, podSelector: { matchLabels: { app: "other" } } })).toEqual([]);
    expect(found({ ...DENY_ALL, ingress: [to()], egress: [to()] })).toEqual([]);
  });

  test("gateways may be closed to clients, too", () => {
    expect(found({ ...DENY_ALL, namespace: "tandem-system", policyTypes: ["Ingress"] })).toEqual([
      "warning tandem-system/deny do not let pods of its namespace into the gateways, which serve it while it is held",
    ]);
  });
});
