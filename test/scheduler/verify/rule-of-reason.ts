/**
 * Which filter of the scheduler a reason belongs to.
 * @module
 */
import { FILTERS } from "../../../src/core/scheduling/filters/index.ts";
import type { Answer } from "../scheduler-case.ts";

const RULES: readonly (readonly [RegExp, string])[] = [
  [/were unschedulable$/, "NodeUnschedulable"],
  [/requested node name$/, "NodeName"],
  [/untolerated taint/, "TaintToleration"],
  [/node affinity\/selector$|\[NodeAffinity\]$|^pod affinity terms conflict$/, "NodeAffinity"],
  [/free ports/, "NodePorts"],
  [/^Insufficient |^Too many pods$/, "NodeResourcesFit"],
  [/no available disk$|ReadWriteOncePod/, "VolumeRestrictions"],
  [/max volume count$/, "NodeVolumeLimits"],
  [/volume zone$|^PersistentVolume|^persistentvolume "|^storageclass/, "VolumeZone"],
  [/persistent volumes? to bind$|PersistentVolume's node affinity$|pvc\(s\)|free storage$/, "VolumeBinding"],
  [/PersistentVolumeClaims$|^persistentvolumeclaim "|ephemeral volume/, "VolumeBinding"],
  [/topology spread constraints/, "PodTopologySpread"],
  [/anti-affinity rules$|pod affinity rules$/, "InterPodAffinity"],
];

/** Every rule that can decide, in the order of the filters. */
export const RULE_NAMES: readonly string[] = FILTERS.map(({ name }) => name);

/** The filter that gives a reason or a refusal; `unknown` for one that no filter gives. */
export function ruleOf(reason: string): string {
  return RULES.find(([form]) => form.test(reason))?.[1] ?? "unknown";
}

/** The rule that alone keeps a pod off all the nodes that it is kept off; undefined where several do, or none. */
export function decidingRule({ reasons, refusal }: Answer): string | undefined {
  const rules = new Set([...Object.keys(reasons), ...(refusal === undefined ? [] : [refusal])].map(ruleOf));
  const [only] = rules;
  return rules.size === 1 ? only : undefined;
}
