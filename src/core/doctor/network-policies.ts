/**
 * What NetworkPolicies let through, as https://kubernetes.io/docs/concepts/services-networking/network-policies/ says it.
 * Ports of rules are not looked at: a rule that names some is taken to name the right ones.
 * @module
 */
import type {
  LabelSelectorPicture,
  NamespacePicture,
  NetworkPeerPicture,
  NetworkPolicyPicture,
} from "../../model/doctor.ts";

/** Who comes, or where somebody goes. */
export interface NetworkEnd {
  readonly namespace: NamespacePicture;
  /** Undefined: any pod of the namespace. */
  readonly labels: Readonly<Record<string, string>> | undefined;
  readonly addresses: readonly string[];
}

/**
 * The policies that select some pods for a direction and, all together, do not let the other end through; none: the way is
 * open.
 */
export function blockingPolicies(
  policies: readonly NetworkPolicyPicture[],
  direction: "ingress" | "egress",
  pods: NetworkEnd,
  other: NetworkEnd,
): readonly NetworkPolicyPicture[] {
  const selecting = policies.filter(
    (policy) =>
      policy.namespace === pods.namespace.name &&
      policy.policyTypes.some((type) => type.toLowerCase() === direction) &&
      selectsPods(policy.podSelector, pods.labels),
  );
  const isOpen = selecting.some((policy) => policy[direction].some((peers) => allows(peers, policy.namespace, other)));
  return isOpen ? [] : selecting;
}

/** Of any pod it is said that it is selected only where all are. */
function selectsPods(selector: LabelSelectorPicture, labels: NetworkEnd["labels"]): boolean {
  return labels === undefined ? isEmpty(selector) : matches(selector, labels);
}

function allows(peers: readonly NetworkPeerPicture[], ownNamespace: string, other: NetworkEnd): boolean {
  return peers.length === 0 || peers.some((peer) => isPeer(peer, ownNamespace, other));
}

function isPeer(peer: NetworkPeerPicture, ownNamespace: string, other: NetworkEnd): boolean {
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

function isEmpty({ matchLabels = {}, matchExpressions = [] }: LabelSelectorPicture): boolean {
  return Object.keys(matchLabels).length === 0 && matchExpressions.length === 0;
}

function matches(selector: LabelSelectorPicture, labels: Readonly<Record<string, string>>): boolean {
  const { matchLabels = {}, matchExpressions = [] } = selector;
  return (
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every(({ key, operator, values = [] }) => {
      const value = labels[key];
      if (operator === "Exists") return value !== undefined;
      if (operator === "DoesNotExist") return value === undefined;
      const isListed = value !== undefined && values.includes(value);
      return operator === "In" ? isListed : !isListed;
    })
  );
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
