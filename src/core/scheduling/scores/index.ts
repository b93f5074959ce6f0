/**
 * The scorers of kube-scheduler 1.36 with the weights of its default profile.
 * @module
 */
import { imageLocality } from "./image-locality.ts";
import { interPodAffinityScore } from "./inter-pod-affinity.ts";
import { nodeAffinityScore } from "./node-affinity.ts";
import { balancedAllocation, leastAllocated } from "./node-resources.ts";
import { podTopologySpreadScore } from "./pod-topology-spread.ts";
import type { Scorer } from "./scorer.ts";
import { taintTolerationScore } from "./taint-toleration.ts";

/** Those of the default profile that are modelled. Missing: DynamicResources. */
export const SCORERS: readonly Scorer[] = [
  taintTolerationScore,
  nodeAffinityScore,
  leastAllocated,
  podTopologySpreadScore,
  interPodAffinityScore,
  balancedAllocation,
  imageLocality,
];
