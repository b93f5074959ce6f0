import { expect, test } from "vitest";
import { formatProblem } from "../../model/problem.ts";
import type { XdsResource } from "../../model/xds-resource.ts";
import { Publisher } from "./publisher.ts";

const log = { info: () => {}, warn: () => {}, error: () => {} };

function publisher(): Publisher {
  return new Publisher("/nonexistent", log);
}

test.each([
  ["cluster", "out/shop/web/80"],
  ["cluster", "tier/shop/web/80/east"],
  ["listener", "client/shop/web/80"],
  ["scopedRoute", "write/shop/web/80"],
] as const)("a refused %s %s shows at its service and at no other", (type, name) => {
  const published = publisher();
  published.reject({ type, name, message: "no" });
  expect(published.rejectionsOf("shop/web/80")).toEqual([`${type} ${name}: no`]);
  expect(published.rejectionsOf("op/web/80")).toEqual([]);
  expect(published.rejectionsOf("shop/web/8")).toEqual([]);
  expect(published.problems()).toEqual([]);
});

test("a refused resource of a service with a longer name is not this one's", () => {
  const published = publisher();
  published.reject({ type: "cluster", name: "in/eshop/web/80", message: "no" });
  expect(published.rejectionsOf("shop/web/80")).toEqual([]);
});

test.each([
  ["listener", "peers"],
  ["listener", "writes"],
  ["cluster", "gateway/east/east-1"],
  ["secret", "peer/east"],
] as const)("a refused %s %s of the gateway itself is a problem", (type, name) => {
  const published = publisher();
  published.reject({ type, name, message: "address already in use" });
  expect(published.problems().map(formatProblem).join()).toContain(`the ${type} ${name}: address already in use`);
});

test("what an Envoy refused says nothing about the next one", () => {
  const published = publisher();
  published.reject({ type: "cluster", name: "in/shop/web/80", message: "no" });
  published.reject({ type: "listener", name: "peers", message: "no" });
  published.forgetRejections();
  expect([published.rejectionsOf("shop/web/80"), published.problems()]).toEqual([[], []]);
});

test("an update changes what it names, and the owner keeps the rest", () => {
  const published = publisher();
  const assignment = (clusterName: string, factor: number): XdsResource => ({
    type: "endpoints",
    name: clusterName,
    body: { clusterName, endpoints: [], policy: { overprovisioningFactor: factor } },
  });
  published.publish("service/shop/web/80", [assignment("in", 100), assignment("out", 100)]);
  const kept = published.cache.get("endpoints", "in");
  const old = published.cache.get("endpoints", "out");
  expect(published.update("service/shop/web/80", [assignment("out", 200)])).toBe(true);
  expect(published.cache.get("endpoints", "in")).toBe(kept);
  expect(published.cache.get("endpoints", "out")?.version).not.toBe(old?.version);
  expect(published.cache.of("service/shop/web/80")).toHaveLength(2);
  expect(published.update("service/shop/web/80", [assignment("out", 200)])).toBe(false);
});
