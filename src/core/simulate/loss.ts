/**
 * What is lost, and how.
 * @module
 */
import type { ClusterSnapshot } from "../../model/snapshot/cluster-snapshot.ts";
import type { Node } from "../../model/snapshot/node.ts";

/**
 * `unreachable`: the nodes say nothing any more, their Node objects stay. `deleted`: the Node objects are gone as well, by hand
 * or by the cloud provider.
 */
export const LOSS_FORMS = ["unreachable", "deleted"] as const;
export type LossForm = (typeof LOSS_FORMS)[number];

/**
 * How nodes are lost, over time. `out-of-service`: as `unreachable`, and whoever knows that they are off says so with that
 * taint as they are found not ready. `drained`: in order, by `kubectl drain`.
 */
export const TIMELINE_FORMS = ["unreachable", "deleted", "out-of-service", "drained"] as const;
export type TimelineForm = (typeof TIMELINE_FORMS)[number];

/** Nodes by a label, or by their name where the key is `node`. */
export interface LostDomain {
  readonly key: string;
  readonly value: string;
}

/** The words for labels that everybody knows. */
const LABELS: Readonly<Record<string, string>> = {
  zone: "topology.kubernetes.io/zone",
  region: "topology.kubernetes.io/region",
  arch: "kubernetes.io/arch",
};

/** `node=a1`, `zone=eu-1`, `region=eu` or `LABEL=VALUE`. Undefined where it is none of these. */
export function parseLostDomain(text: string): LostDomain | undefined {
  const at = text.indexOf("=");
  if (at <= 0 || at === text.length - 1) return undefined;
  const word = text.slice(0, at);
  return { key: LABELS[word] ?? word, value: text.slice(at + 1) };
}

/** The nodes of a domain. */
export function nodesOf({ key, value }: LostDomain, { nodes }: ClusterSnapshot): readonly Node[] {
  return nodes.filter(({ metadata }) => (key === "node" ? metadata.name : metadata.labels[key]) === value);
}

/** The values that a domain could have in this cluster, sorted: for whoever named one that is not there. */
export function valuesOf(key: string, { nodes }: ClusterSnapshot): readonly string[] {
  const values = nodes.map(({ metadata }) => (key === "node" ? metadata.name : metadata.labels[key]));
  return [...new Set(values.filter((value) => value !== undefined))].toSorted();
}
