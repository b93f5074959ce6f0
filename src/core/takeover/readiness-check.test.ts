import { expect, test } from "vitest";
import { ClusterPod } from "../../model/takeover.ts";
import { readinessCheck } from "./readiness-check.ts";

const pod = (readinessProbe: unknown): ClusterPod =>
  ClusterPod.parse({
    spec: {
      containers: [
        { name: "proxy", image: "proxy" },
        { name: "web", image: "web", ports: [{ name: "http", containerPort: 8080 }], readinessProbe },
      ],
    },
  });

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
  expect(readinessCheck([pod(undefined), pod(probe)])).toMatchObject(check);
});

test.each([
  ["HTTPS", { httpGet: { path: "/", port: 8443, scheme: "HTTPS" } }],
  ["a command", { exec: { command: ["true"] } }],
  ["gRPC", { grpc: { port: 9000 } }],
  ["a port that the container does not have", { httpGet: { port: "admin" } }],
])("%s is nothing that gateways ask", (_name, probe) => {
  expect(readinessCheck([pod(probe)])).toBeUndefined();
});
