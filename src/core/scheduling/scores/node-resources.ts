/**
 * How much of a node is used, and how evenly.
 * @module
 */
import type { NodeState } from "../cluster-state.ts";
import { nonZeroRequestsOfPending } from "../non-zero-requests.ts";
import { MOST, type Scorer } from "./scorer.ts";

/** Nodes of which more is free are better: LeastAllocated, of CPU and memory. */
export const leastAllocated: Scorer = {
  name: "NodeResourcesFit",
  weight: 1,
  score({ pod }, { nodes }) {
    const asked = nonZeroRequestsOfPending(pod);
    return nodes.map(({ allocatable, nonZeroRequested: used }) => {
      const shares = [
        freeShare(used.milliCpu + asked.milliCpu, allocatable.milliCpu),
        freeShare(used.memory + asked.memory, allocatable.memory),
      ].filter((share) => share !== undefined);
      return shares.length === 0 ? 0 : Math.trunc(shares.reduce((sum, share) => sum + share, 0) / shares.length);
    });
  },
};

/** Of a hundred parts; undefined where the node has none of it. */
function freeShare(used: number, all: number): number | undefined {
  if (all === 0) return undefined;
  return used > all ? 0 : Math.trunc(((all - used) * MOST) / all);
}

/** Nodes whose CPU and memory are used more evenly with the pod than without it are better. */
export const balancedAllocation: Scorer = {
  name: "NodeResourcesBalancedAllocation",
  weight: 1,
  score({ requests }, { nodes }) {
    if (requests.milliCpu === 0 && requests.memory === 0) return undefined;
    return nodes.map((node) => {
      const [before, after] = [evenness(node, 0, 0), evenness(node, requests.milliCpu, requests.memory)];
      return MOST / 2 + Math.trunc((MOST / 2 + after - before) / 2);
    });
  },
};

function evenness({ allocatable, requested }: NodeState, moreCpu: number, moreMemory: number): number {
  const [cpu, memory] = [
    usedShare(requested.milliCpu + moreCpu, allocatable.milliCpu),
    usedShare(requested.memory + moreMemory, allocatable.memory),
  ];
  const deviation = cpu === undefined || memory === undefined ? 0 : Math.abs((cpu - memory) / 2);
  return Math.trunc((1 - deviation) * MOST);
}

function usedShare(used: number, all: number): number | undefined {
  return all === 0 ? undefined : Math.min(used / all, 1);
}
