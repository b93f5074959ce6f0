import { expect, test } from "vitest";
import { eastGateway, localEndpoint, policySpec, serviceView, withHealth } from "../../../test/view/service-view.ts";
import type { EndpointHealth, ServiceView } from "../../model/service-view.ts";
import type { ServiceProgram } from "../../model/service-program.ts";
import { judge } from "./judge.ts";
import { plan } from "./plan.ts";

const PASSING: EndpointHealth = { out: "passing", in: "passing", ejected: false };
const FAILING: EndpointHealth = { out: "failing", in: "failing", ejected: false };

function programOf(view: ServiceView): ServiceProgram {
  return plan(view, judge(view));
}

function roles(program: ServiceProgram): Record<string, string[]> {
  return Object.fromEntries(program.tiers.map((tier) => [tier.site, tier.endpoints.map((endpoint) => endpoint.role)]));
}

test("home comes first and everything is active", () => {
  const program = programOf(withHealth(serviceView(), { local: PASSING, east: PASSING }));
  expect(roles(program)).toEqual({ west: ["active", "active", "active"], east: ["active", "active"] });
  expect(program.tiers.map((tier) => tier.site)).toEqual(["west", "east"]);
});

test("until a check has passed Envoy does not count it", () => {
  const unknown = programOf(serviceView());
  expect(unknown.tiers[0]?.endpoints.every((endpoint) => !endpoint.checked)).toBe(true);
  const known = programOf(withHealth(serviceView(), { local: PASSING, east: PASSING }));
  expect(known.tiers[0]?.endpoints.every((endpoint) => endpoint.checked)).toBe(true);
});

test("a held site is a standby, not out: it serves when nothing else can", () => {
  const well = judge(withHealth(serviceView(), { local: PASSING, east: PASSING }));
  const failed = withHealth(serviceView({ memory: well.memory }), { local: FAILING, east: PASSING });
  expect(roles(programOf(failed))["west"]).toEqual(["standby", "standby", "standby"]);
});

test("an endpoint that is not ready is out, whatever its check says", () => {
  const view = withHealth(serviceView({ local: [localEndpoint(1, { ready: false }), localEndpoint(2)] }), {
    local: PASSING,
    east: PASSING,
  });
  expect(roles(programOf(view))["west"]).toEqual(["out", "active"]);
});

test.each([
  ["HTTP service leave it: requests under way end there", "http", [{ role: "active", checked: true }]],
  [
    "TCP service keep it, unchecked: failing checks would end connections",
    "tcp",
    [
      { role: "out", checked: false },
      { role: "active", checked: true },
    ],
  ],
] as const)("a peer's gateway drains: programs of a %s", (_what, appProtocol, endpoints) => {
  const gateways = [eastGateway(1, { draining: true }), eastGateway(2)];
  const view = withHealth(serviceView({ appProtocol, peers: [{ name: "east", offers: true, gateways }] }), {
    local: PASSING,
    east: PASSING,
  });
  expect(programOf(view).tiers[1]?.endpoints.map(({ role, checked }) => ({ role, checked }))).toEqual(endpoints);
});

test("a switch puts its site first and makes the others standbys", () => {
  const view = withHealth(serviceView({ activeSwitch: { to: "east", reason: "", origin: "west" } }), {
    local: PASSING,
    east: PASSING,
  });
  expect(Object.entries(roles(programOf(view)))).toEqual([
    ["east", ["active", "active"]],
    ["west", ["standby", "standby", "standby"]],
  ]);
});

test("the verdict of a TCP check of an HTTP service is fed in, since gateways answer over HTTP", () => {
  const policy = policySpec({ healthCheck: { tcp: { send: "ping", receive: "pong" } } });
  const well = judge(withHealth(serviceView({ policy }), { local: PASSING, east: PASSING }));
  const local: EndpointHealth = { out: "unknown", in: "failing", ejected: false };
  const program = programOf(withHealth(serviceView({ policy, memory: well.memory }), { local, east: PASSING }));
  expect(program.tiers[0]?.endpoints.map(({ role, checked }) => ({ role, checked }))).toEqual(
    Array(3).fill({ role: "out", checked: false }),
  );
});

test("a site that the policy does not list may not call; those it lists may", () => {
  expect(programOf(serviceView()).callers).toEqual(["east"]);
});

test.each([
  ["250ms", 15_000],
  ["1s", 20_000],
  ["0s", 0],
])("a service slower than a perTryTimeout of %s everywhere: tries get %d ms", (perTryTimeout, expected) => {
  const memory = { ...serviceView().memory, hedgingRestsUntil: serviceView().now + 1 };
  const policy = policySpec({ retry: { perTryTimeout } });
  expect(programOf(serviceView({ memory, policy })).retry.perTryTimeoutMs).toBe(expected);
});
