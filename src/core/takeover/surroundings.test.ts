import { describe, expect, test } from "vitest";
import type { PeerAuthentication } from "../../model/mesh.ts";
import { type NetworkPolicy, readNetworkPolicy } from "../../model/network-policy.ts";
import { dependsOnPods, type SurroundingObjects, surroundingsOf } from "./surroundings.ts";

const WEB = { app: "web" };
const REACH = { selector: WEB, ports: [8080] };
const NOTHING: SurroundingObjects = {
  namespace: { name: "shop", labels: {}, annotations: {} },
  networkPolicies: [],
  peerAuthentications: [],
  podLabels: undefined,
};

function policy(name: string, spec: object): NetworkPolicy {
  const read = readNetworkPolicy({ metadata: { name, namespace: "shop" }, spec });
  if (read === undefined) throw new Error(`${name} is not a NetworkPolicy`);
  return read;
}

const restricting = (
  networkPolicies: readonly NetworkPolicy[],
  podLabels?: Record<string, string>,
): readonly string[] => surroundingsOf(REACH, { ...NOTHING, networkPolicies, podLabels }).restrictedBy;

const needsPods = (
  networkPolicies: readonly NetworkPolicy[],
  peerAuthentications: readonly PeerAuthentication[] = [],
) => dependsOnPods(WEB, { networkPolicies, peerAuthentications });

const DENY = policy("deny", { podSelector: {}, policyTypes: ["Ingress"] });

describe("NetworkPolicies", () => {
  test.each([
    ["lets nobody in", {}, ["shop/p"]],
    ["lets some pods in", { ingress: [{ from: [{ podSelector: { matchLabels: { app: "shop" } } }] }] }, ["shop/p"]],
    ["lets a namespace in", { ingress: [{ from: [{ namespaceSelector: { matchLabels: { a: "b" } } }] }] }, ["shop/p"]],
    ["lets a network in", { ingress: [{ from: [{ ipBlock: { cidr: "10.0.0.0/8" } }] }] }, ["shop/p"]],
    ["lets everybody in to the Service's port", { ingress: [{ ports: [{ port: 8080 }] }] }, []],
    ["lets everybody in to a range with it", { ingress: [{ ports: [{ port: 8000, endPort: 9000 }] }] }, []],
    ["lets everybody in to other ports", { ingress: [{ ports: [{ port: 9090 }] }] }, ["shop/p"]],
    ["lets everybody in over UDP", { ingress: [{ ports: [{ port: 8080, protocol: "UDP" }] }] }, ["shop/p"]],
    ["lets all networks in", { ingress: [{ from: [{ ipBlock: { cidr: "0.0.0.0/0" } }] }] }, []],
    ["lets all pods in", { ingress: [{ from: [{ namespaceSelector: {} }] }] }, []],
    ["is about who may be called", { policyTypes: ["Egress"] }, []],
    ["is about other pods", { podSelector: { matchLabels: { app: "db" } } }, []],
  ])("one that %s", (_what, spec, expected) => {
    expect(
      restricting([policy("p", { policyTypes: ["Ingress"], podSelector: { matchLabels: WEB }, ...spec })]),
    ).toEqual(expected);
  });

  test("one that lets everybody in opens what another one closes", () => {
    expect(restricting([DENY])).toEqual(["shop/deny"]);
    expect(restricting([DENY, policy("open", { ingress: [{}] })])).toEqual([]);
  });

  test("labels that the Service does not select by are those of a pod", () => {
    const front = policy("front", {
      podSelector: { matchExpressions: [{ key: "tier", operator: "In", values: ["front"] }] },
    });
    expect([needsPods([front]), needsPods([DENY])]).toEqual([true, false]);
    expect(restricting([front])).toEqual([]);
    expect(restricting([front], { app: "web", tier: "front" })).toEqual(["shop/front"]);
    expect(restricting([front], { app: "web" })).toEqual([]);
    expect(needsPods([policy("db", { podSelector: { matchLabels: { app: "db", tier: "x" } } })])).toBe(false);
  });
});

describe("a mesh", () => {
  const authentication = (namespace: string, mode: string, matchLabels = {}): PeerAuthentication => ({
    namespace,
    name: "default",
    matchLabels,
    mode,
  });
  const strict = (
    namespace: Partial<SurroundingObjects["namespace"]>,
    ...peerAuthentications: readonly PeerAuthentication[]
  ): string | undefined =>
    surroundingsOf(REACH, { ...NOTHING, namespace: { ...NOTHING.namespace, ...namespace }, peerAuthentications })
      .strictMesh;
  const ISTIO = { labels: { "istio-injection": "enabled" } };

  test.each([
    ["of the whole mesh", [authentication("istio-system", "STRICT")], "istio-system/default"],
    ["of the namespace", [authentication("shop", "STRICT")], "shop/default"],
    ["of these pods", [authentication("shop", "PERMISSIVE"), authentication("shop", "STRICT", WEB)], "shop/default"],
    [
      "that says nothing of its own",
      [authentication("istio-system", "STRICT"), authentication("shop", "UNSET")],
      "istio",
    ],
  ])("of Istio is strict by a rule %s", (_what, rules, expected) => {
    expect(strict(ISTIO, ...rules)).toContain(`Istio's PeerAuthentication ${expected}`);
  });

  test.each([
    ["there is none", ISTIO, []],
    [
      "the narrower one is not",
      ISTIO,
      [authentication("istio-system", "STRICT"), authentication("shop", "PERMISSIVE")],
    ],
    ["it is about other pods", ISTIO, [authentication("shop", "STRICT", { app: "db" })]],
    ["it is of another namespace", ISTIO, [authentication("pay", "STRICT")]],
    ["the namespace is not in the mesh", {}, [authentication("istio-system", "STRICT")]],
    [
      "the namespace left it",
      { labels: { "istio-injection": "disabled", "istio.io/rev": "a" } },
      [authentication("shop", "STRICT")],
    ],
  ])("of Istio is not strict where %s", (_what, namespace, rules) => {
    expect(strict(namespace, ...rules)).toBeUndefined();
  });

  test("labels that the Service does not select by are those of a pod, here too", () => {
    const secure = authentication("shop", "STRICT", { tier: "secure" });
    expect([needsPods([], [secure]), needsPods([], [authentication("shop", "STRICT")])]).toEqual([true, false]);
    const podLabels = { app: "web", tier: "secure" };
    const namespace = { ...NOTHING.namespace, ...ISTIO };
    const found = surroundingsOf(REACH, { ...NOTHING, namespace, peerAuthentications: [secure], podLabels });
    expect(found.strictMesh).toBe("Istio's PeerAuthentication shop/default");
  });

  test("ambient pods are in it too", () => {
    expect(
      strict({ labels: { "istio.io/dataplane-mode": "ambient" } }, authentication("shop", "STRICT")),
    ).toBeDefined();
  });

  test("of Linkerd is strict by the namespace's inbound policy", () => {
    const annotations = (policyName: string, inject = "enabled"): Partial<SurroundingObjects["namespace"]> => ({
      annotations: { "linkerd.io/inject": inject, "config.linkerd.io/default-inbound-policy": policyName },
    });
    expect(strict(annotations("all-authenticated"))).toBe("Linkerd's inbound policy all-authenticated");
    expect(strict(annotations("all-unauthenticated"))).toBeUndefined();
    expect(strict(annotations("deny", "disabled"))).toBeUndefined();
  });
});
