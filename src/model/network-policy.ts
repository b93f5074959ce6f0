/**
 * networking.k8s.io/v1 NetworkPolicy, as far as it is known who may come and go.
 * @module
 */
import { z } from "zod";

/** A namespace, with what NetworkPolicies and meshes know it by. */
export interface Namespace {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

const LabelSelector = z.looseObject({
  matchLabels: z.record(z.string(), z.string()).optional(),
  matchExpressions: z
    .array(z.looseObject({ key: z.string(), operator: z.string(), values: z.array(z.string()).optional() }))
    .optional(),
});
/** meta/v1 LabelSelector. */
export type LabelSelector = z.infer<typeof LabelSelector>;

const NetworkPeer = z.looseObject({
  podSelector: LabelSelector.optional(),
  namespaceSelector: LabelSelector.optional(),
  ipBlock: z.looseObject({ cidr: z.string(), except: z.array(z.string()).optional() }).optional(),
});
/** One side of a rule. */
export type NetworkPeer = z.infer<typeof NetworkPeer>;

const NetworkPort = z.looseObject({
  protocol: z.string().default("TCP"),
  /** Of the pods, by number or name; all when absent. */
  port: z.union([z.int(), z.string()]).optional(),
  endPort: z.int().optional(),
});
/** A port, or some in a row. */
export type NetworkPort = z.infer<typeof NetworkPort>;

/** Who may come or where pods may go, and on which ports. Nobody named is everybody, and no port named is every port. */
export interface NetworkRule {
  readonly peers: readonly NetworkPeer[];
  readonly ports: readonly NetworkPort[];
}

const Peers = z.array(NetworkPeer).nullish();
const Ports = z.array(NetworkPort).nullish();

const NetworkPolicyObject = z.looseObject({
  metadata: z.looseObject({ name: z.string(), namespace: z.string().default("") }),
  spec: z.looseObject({
    podSelector: LabelSelector.default({}),
    policyTypes: z.array(z.string()).default(["Ingress"]),
    ingress: z.array(z.looseObject({ from: Peers, ports: Ports })).nullish(),
    egress: z.array(z.looseObject({ to: Peers, ports: Ports })).nullish(),
  }),
});

/** A policy. */
export interface NetworkPolicy {
  readonly namespace: string;
  readonly name: string;
  readonly podSelector: LabelSelector;
  readonly policyTypes: readonly string[];
  readonly ingress: readonly NetworkRule[];
  readonly egress: readonly NetworkRule[];
}

/** Reads an object as an API server gives it; undefined where it has no form that is known. */
export function readNetworkPolicy(object: unknown): NetworkPolicy | undefined {
  const { data } = NetworkPolicyObject.safeParse(object);
  if (data === undefined) return undefined;
  const { podSelector, policyTypes, ingress, egress } = data.spec;
  return {
    namespace: data.metadata.namespace,
    name: data.metadata.name,
    podSelector,
    policyTypes,
    ingress: (ingress ?? []).map(({ from, ports }) => ({ peers: from ?? [], ports: ports ?? [] })),
    egress: (egress ?? []).map(({ to, ports }) => ({ peers: to ?? [], ports: ports ?? [] })),
  };
}
