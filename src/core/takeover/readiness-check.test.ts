import { describe, expect, test } from "vitest";
import { ClusterPod } from "../../model/takeover.ts";
import { readinessCheck } from "./readiness-check.ts";

const podOf = (containers: readonly unknown[], initContainers: readonly unknown[] = []): ClusterPod =>
  ClusterPod.parse({ spec: { containers, initContainers } });

const pod = (readinessProbe: unknown): ClusterPod =>
  podOf([
    { name: "proxy", image: "proxy" },
    { name: "web", image: "web", ports: [{ name: "http", containerPort: 8080 }], readinessProbe },
  ]);

test.each([
  ["a port's number", { httpGet: { path: "/ready", port: 8080 } }, { http: { path: "/ready", port: 8080 } }],
  ["a port's name", { httpGet: { port: "http" } }, { http: { path: "/", port: 8080 } }],
  [
    "a Host header",
    { httpGet: { path: "/r", port: 80, httpHeaders: [{ name: "Host", value: "shop" }] } },
    { http: { path: "/r", port: 80, host: "shop" } },
  ],
  ["a TCP connect", { tcpSocket: { port: "http" } }, { tcp: { port: 8080 } }],
])("a probe with %s", (_name, probe, check) => {
  expect(readinessCheck([pod(undefined), pod(probe)], [8080])).toMatchObject(check);
});

test.each([
  ["HTTPS", { httpGet: { path: "/", port: 8443, scheme: "HTTPS" } }],
  ["a command", { exec: { command: ["true"] } }],
  ["gRPC", { grpc: { port: 9000 } }],
  ["a port that the container does not have", { httpGet: { port: "admin" } }],
])("%s is nothing that gateways ask", (_name, probe) => {
  expect(readinessCheck([pod(probe)], [8080])).toBeUndefined();
});

describe("of several containers with probes", () => {
  const probe = (port: number): unknown => ({ httpGet: { path: "/ready", port } });
  const istio = {
    name: "istio-proxy",
    ports: [{ name: "http-envoy-prom", containerPort: 15_090 }],
    readinessProbe: probe(15_021),
  };
  const linkerd = {
    name: "linkerd-proxy",
    ports: [{ name: "linkerd-proxy", containerPort: 4_143 }],
    readinessProbe: probe(4_191),
  };
  const exporter = {
    name: "exporter",
    ports: [{ name: "metrics", containerPort: 9_100 }],
    readinessProbe: probe(9_100),
  };
  const web = { name: "web", ports: [{ name: "http", containerPort: 8_080 }], readinessProbe: probe(8_081) };
  const portless = { name: "web", readinessProbe: probe(8_081) };

  test.each([
    ["the one that serves the Service's port by number is asked", [exporter, istio, web], [8_080]],
    ["the one that serves the Service's port by name is asked", [exporter, istio, web], ["http"]],
    ["one that any port of the Service leads to is asked", [exporter, istio, web], ["none", 8_080]],
    ["where none declares the port, one that no mesh has injected is", [istio, linkerd, portless], [8_080]],
  ])("%s", (_what, containers, ports) => {
    expect(readinessCheck([podOf(containers)], ports)).toMatchObject({ http: { port: 8_081 } });
  });

  test("an injected proxy alone says nothing of whom it stands before", () => {
    expect(readinessCheck([podOf([istio, { name: "web", ports: web.ports }])], [8_080])).toBeUndefined();
  });

  test("a proxy that is what the Service leads to is asked, as an ingress gateway of a mesh is", () => {
    const ingress = { ...istio, ports: [{ name: "http2", containerPort: 8_080 }] };
    expect(readinessCheck([podOf([ingress])], [8_080])).toMatchObject({ http: { port: 15_021 } });
  });

  test("an init container that goes on is never asked", () => {
    const sidecar = { ...web, name: "warm-up", restartPolicy: "Always" };
    expect(readinessCheck([podOf([{ name: "web" }], [sidecar])], [8_080])).toBeUndefined();
  });
});
