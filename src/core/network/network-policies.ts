/**
 * What NetworkPolicies let through, as https://kubernetes.io/docs/concepts/services-networking/network-policies/ says it.
 * @module
 */
import type { LabelSelector, Namespace, NetworkPeer, NetworkPolicy, NetworkPort } from "../../model/network-policy.ts";
import { matches } from "./label-selector.ts";

/** Who comes, or where somebody goes. */
export interface NetworkEnd {
  readonly namespace: Namespace;
  /** Undefined: any pod of the namespace. */
  readonly labels: Readonly<Record<string, string>> | undefined;
  readonly addresses: readonly string[];
}

/**
 * The policies that select some pods for a direction and, all together, do not let the other end through; none: the way is
 * open. Ports are not looked at: a rule that names some is taken to name the right ones.
 */
export function blockingPolicies(
  policies: readonly NetworkPolicy[],
  direction: "ingress" | "egress",
  pods: NetworkEnd,
  other: NetworkEnd,
): readonly NetworkPolicy[] {
  const selecting = policies.filter(
    (policy) =>
      policy.namespace === pods.namespace.name &&
      policy.policyTypes.some((type) => type.toLowerCase() === direction) &&
      selectsPods(policy.podSelector, pods.labels),
  );
  const isOpen = selecting.some((policy) =>
    policy[direction].some(({ peers }) => allows(peers, policy.namespace, other)),
  );
  return isOpen ? [] : selecting;
}

/**
 * The policies of a namespace that together say who may come to some pods; none: everybody may. Whoever goes through a
 * gateway is past them.
 * @param selects whether a policy's `podSelector` selects the pods
 * @param ports of the pods that matter, by number or name
 */
export function restrictingPolicies(
  policies: readonly NetworkPolicy[],
  selects: (policy: NetworkPolicy) => boolean,
  ports: readonly (number | string)[],
): readonly NetworkPolicy[] {
  const selecting = policies.filter(
    (policy) => policy.policyTypes.some((type) => type.toLowerCase() === "ingress") && selects(policy),
  );
  const open = selecting.flatMap(({ ingress }) =>
    ingress.filter(({ peers }) => peers.length === 0 || peers.some(isEverybody)),
  );
  const isOpen = ports.every((port) => open.some((rule) => rule.ports.length === 0 || rule.ports.some(covers(port))));
  return isOpen && open.length > 0 ? [] : selecting;
}

/** What a name stands for the pods say: it covers the same name only. */
const covers =
  (asked: number | string) =>
  ({ protocol, port, endPort }: NetworkPort): boolean => {
    if (protocol !== "TCP") return false;
    if (port === undefined || port === asked) return true;
    return typeof port === "number" && typeof asked === "number" && port <= asked && asked <= (endPort ?? port);
  };

/** All networks, or all pods of all namespaces. */
function isEverybody({ ipBlock, namespaceSelector, podSelector }: NetworkPeer): boolean {
  if (ipBlock !== undefined) return ipBlock.cidr.endsWith("/0") && (ipBlock.except ?? []).length === 0;
  const isAnyNamespace = namespaceSelector !== undefined && isEmpty(namespaceSelector);
  return isAnyNamespace && (podSelector === undefined || isEmpty(podSelector));
}

/** Of any pod it is said that it is selected only where all are. */
function selectsPods(selector: LabelSelector, labels: NetworkEnd["labels"]): boolean {
  return labels === undefined ? isEmpty(selector) : matches(selector, labels);
}

function allows(peers: readonly NetworkPeer[], ownNamespace: string, other: NetworkEnd): boolean {
  return peers.length === 0 || peers.some((peer) => isPeer(peer, ownNamespace, other));
}

function isPeer(peer: NetworkPeer, ownNamespace: string, other: NetworkEnd): boolean {
  const { ipBlock, namespaceSelector, podSelector } = peer;
  if (ipBlock !== undefined) {
    const inside = (cidr: string): boolean => other.addresses.some((address) => isInside(address, cidr));
    return inside(ipBlock.cidr) && !(ipBlock.except ?? []).some(inside);
  }
  const isNamespace =
    namespaceSelector === undefined
      ? other.namespace.name === ownNamespace
      : matches(namespaceSelector, other.namespace.labels);
  return isNamespace && (podSelector === undefined || selectsPods(podSelector, other.labels));
}

function isEmpty({ matchLabels = {}, matchExpressions = [] }: LabelSelector): boolean {
  return Object.keys(matchLabels).length === 0 && matchExpressions.length === 0;
}

/** IPv4; of IPv6 it is not worked out, and what is not known is taken to be let through. */
function isInside(address: string, cidr: string): boolean {
  const [network = "", bits = "32"] = cidr.split("/");
  const [left, right] = [numberOf(address), numberOf(network)];
  if (left === undefined || right === undefined) return address.includes(":") && network.includes(":");
  const size = 2 ** (32 - Number(bits));
  return Math.floor(left / size) === Math.floor(right / size);
}

function numberOf(address: string): number | undefined {
  const parts = address.split(".").map(Number);
  const isAddress = parts.length === 4 && parts.every((part) => part >= 0 && part <= 255);
  return isAddress ? parts.reduce((sum, part) => sum * 256 + part, 0) : undefined;
}
