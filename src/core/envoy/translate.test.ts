import { join } from "node:path";
import { expect, test } from "vitest";
import { encodeResource } from "../../adapters/xds/encode-resource.ts";
import type { EndpointHealth } from "../../model/service-view.ts";
import type { ProgramEndpoint, ServiceProgram } from "../../model/service-program.ts";
import type { XdsResource } from "../../model/xds-resource.ts";
import { policySpec, serviceView, withHealth } from "../../../test/view/service-view.ts";
import { judge } from "../failover/judge.ts";
import { plan } from "../failover/plan.ts";
import { translateBase, translateEndpoints, translateService, translateTcpChain } from "./translate.ts";

const PASSING: EndpointHealth = { out: "passing", in: "passing", ejected: false };
const FILES = { healthEvents: { path: "/state/events.log" }, writeSocket: "/state/write.sock", peerHops: "/state" };
const GOLDEN = join(import.meta.dirname, "../../../test/golden");

const http = withHealth(serviceView(), { local: PASSING, east: PASSING });
const tcpPolicy = policySpec({ healthCheck: { tcp: { send: "ping\n", receive: "pong" } } });
const tcp = withHealth(serviceView({ service: "shop/db/5432", appProtocol: "tcp", policy: tcpPolicy }), {
  local: PASSING,
  east: PASSING,
});
const written = policySpec({
  retry: { idempotencyHeader: "Idempotency-Key", crossSiteWrites: true },
  prefer: "Listed",
  sites: [{ name: "east" }, { name: "west" }],
});

const CASES = {
  "http-service": http,
  "tcp-service": tcp,
  "http-service-listed-with-cross-site-writes": withHealth(serviceView({ policy: written }), {
    local: PASSING,
    east: PASSING,
  }),
  "http-service-switched": { ...http, activeSwitch: { to: "east", reason: "maintenance", origin: "west" } },
  "http-service-check-unknown": serviceView(),
} as const;

test.each(Object.entries(CASES))("%s is translated as the golden file says", async (name, view) => {
  const program = plan(view, judge(view));
  const resources = translateService(program, FILES);
  const chain = translateTcpChain(program);
  await expect(
    `${JSON.stringify({ resources, ...(chain === undefined ? {} : { chain }) }, undefined, 2)}\n`,
  ).toMatchFileSnapshot(join(GOLDEN, `${name}.json`));
});

test("every resource is valid for Envoy's API", () => {
  for (const view of Object.values(CASES)) {
    for (const resource of translateService(plan(view, judge(view)), FILES))
      expect(encodeResource(resource).wire.length).toBeGreaterThan(0);
  }
  const base = {
    site: "west",
    peers: { address: "10.0.1.100", port: 15443 },
    ready: { address: "10.0.1.100", port: 15021 },
    agentSocket: "/s/a",
    writeSocket: "/s/h",
  };
  for (const resource of translateBase({
    ...base,
    members: ["west", "east"],
    joinOpen: true,
    tcpChains: [],
    peerHops: "/s",
    peerGateways: [{ site: "east", name: "east-1", address: "10.0.2.1", port: 15443 }],
  })) {
    expect(encodeResource(resource).wire.length).toBeGreaterThan(0);
  }
});

test("what peers send in goes to local endpoints only", () => {
  const resources = translateService(plan(http, judge(http)), FILES);
  const inside = resources.find((resource) => resource.type === "endpoints" && resource.name === "in/shop/web/80");
  expect(JSON.stringify(inside)).not.toContain("15443");
});

test.each(Object.entries(CASES))("%s: when only endpoints change, only their resources do", (_name, view) => {
  const before = plan(view, judge(view));
  const changed = (endpoint: ProgramEndpoint): ProgramEndpoint => ({ ...endpoint, role: "out", checked: false });
  const after: ServiceProgram = {
    ...before,
    tiers: before.tiers.map((tier) => ({ ...tier, endpoints: tier.endpoints.map(changed).slice(1) })),
  };
  const [old, all] = [before, after].map((program) => translateService(program, FILES));
  const others = (resources: readonly XdsResource[] = []): readonly XdsResource[] =>
    resources.filter(({ type }) => type !== "endpoints");
  expect(others(all)).toEqual(others(old));
  expect(translateEndpoints(after, FILES)).toEqual(all?.filter(({ type }) => type === "endpoints"));
});
