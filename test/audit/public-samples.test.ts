import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { AuditResult } from "../../src/core/audit/audit.ts";
import { auditYaml } from "./audit-yaml.ts";

const FIXTURES = join(import.meta.dirname, "../fixtures/audit");

function sample(name: string, more = ""): AuditResult {
  return auditYaml(readFileSync(join(FIXTURES, `${name}.yaml`), "utf8") + more);
}

function count({ findings }: AuditResult, rule: string): number {
  return findings.filter((one) => one.rule === rule && one.severity !== "info").length;
}

test("Online Boutique: 12 Deployments that can count on one replica each", () => {
  const result = sample("online-boutique");
  expect(result.workloads).toBe(12);
  expect(count(result, "single-replica")).toBe(12);
  // With one replica, neither a budget nor spreading would help.
  expect(count(result, "pdb-missing") + count(result, "spread-missing")).toBe(0);
});

test("sock-shop: 14 at one replica, 11 of 15 containers without readiness, 3 images that can change", () => {
  const result = sample("sock-shop");
  expect(count(result, "single-replica")).toBe(14);
  expect(count(result, "readiness-missing")).toBe(11);
  expect(count(result, "mutable-image")).toBe(3);
});

test("kube-prometheus: 4 of 5 Deployments single, no budget wrong, a bare = is read", () => {
  const result = sample("kube-prometheus");
  expect(count(result, "single-replica")).toBe(4);
  expect(result.findings.filter(({ rule }) => rule.startsWith("pdb-"))).toEqual([]);
});

test("Argo CD HA: 4 of 8 workloads single, no budget, 10 of 10 containers without requests, a lost node leaves one Pending", () => {
  const nodes = ["a1", "b1", "c1"].map(
    (name) =>
      `---\napiVersion: v1\nkind: Node\nmetadata: {name: ${name}, labels: {kubernetes.io/hostname: ${name}, topology.kubernetes.io/zone: ${name.slice(0, 1)}}}\n`,
  );
  const result = sample("argo-cd-ha", nodes.join(""));
  expect(result.workloads).toBe(8);
  expect(count(result, "single-replica")).toBe(4);
  expect(count(result, "pdb-missing")).toBe(4);
  expect(count(result, "requests-missing")).toBe(10);
  const stuck = result.findings.filter(({ rule }) => rule === "spread-blocks-replacement");
  expect(stuck.map(({ object }) => object.name).toSorted()).toEqual([
    "argocd-redis-ha-haproxy",
    "argocd-redis-ha-server",
  ]);
});
