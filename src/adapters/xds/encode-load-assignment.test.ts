import { expect, test } from "vitest";
import type { AssignedEndpoint, LoadAssignment } from "../../model/load-assignment.ts";
import { encodeLoadAssignment } from "./encode-load-assignment.ts";
import { encodeGenerically } from "./encode-resource.ts";

const pod: AssignedEndpoint = {
  endpoint: {
    address: { socketAddress: { address: "10.0.1.1", portValue: 8080 } },
    healthCheckConfig: { hostname: "10.0.1.1", portValue: 65_535, disableActiveHealthCheck: true },
  },
  healthStatus: "HEALTHY",
};
const gateway: AssignedEndpoint = {
  endpoint: { address: { pipe: { path: `/state/${"long/".repeat(60)}peer.sock` } } },
  healthStatus: "DEGRADED",
  metadata: { filterMetadata: { tandem: { service: "shop/web/80", empty: "" }, other: {} } },
};

const CASES: Readonly<Record<string, LoadAssignment>> = {
  "nothing at all": { clusterName: "in/shop/web/80", endpoints: [], policy: { overprovisioningFactor: 100 } },
  "defaults, which are left out": {
    clusterName: "",
    endpoints: [{ priority: 0, locality: { region: "" }, lbEndpoints: [] }],
    policy: { overprovisioningFactor: 0 },
  },
  "pods before gateways": {
    clusterName: "out/shop/web/80",
    endpoints: [
      { priority: 0, locality: { region: "west" }, lbEndpoints: [pod, { ...pod, healthStatus: "UNHEALTHY" }] },
      { priority: 1, locality: { region: "east" }, lbEndpoints: [gateway, gateway] },
    ],
    policy: { overprovisioningFactor: 10_000 },
  },
  "parts of a check": {
    clusterName: "out/shop/web/80",
    endpoints: [{}, { hostname: "web" }, { portValue: 1 }, { disableActiveHealthCheck: true as const }].map(
      (healthCheckConfig, priority) => ({
        priority,
        locality: { region: "west" },
        lbEndpoints: [{ ...pod, endpoint: { ...pod.endpoint, healthCheckConfig } }],
      }),
    ),
    policy: { overprovisioningFactor: 143 },
  },
  "port 0 and characters of several bytes": {
    clusterName: "out/größe/日本/80",
    endpoints: [
      {
        priority: 300,
        locality: { region: "zürich" },
        lbEndpoints: [
          { endpoint: { address: { socketAddress: { address: "::1", portValue: 0 } } }, healthStatus: "HEALTHY" },
        ],
      },
    ],
    policy: { overprovisioningFactor: 100 },
  },
};

test.each(Object.entries(CASES))("%s: the same bytes as by Envoy's description", (_name, body) => {
  const generic = encodeGenerically({ type: "endpoints", name: body.clusterName, body });
  expect(Buffer.from(encodeLoadAssignment(body)).toString("hex")).toBe(Buffer.from(generic).toString("hex"));
});
