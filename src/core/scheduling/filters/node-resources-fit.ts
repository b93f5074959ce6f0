import type { Resources } from "../resources.ts";
import type { NodeState } from "../cluster-state.ts";
import type { Filter, Rejection } from "./filter.ts";

/** What a pod asks for is still free, and one more pod may be on the node. Nothing asked for fits where too much is used. */
export const nodeResourcesFit: Filter = {
  name: "NodeResourcesFit",
  prepare: ({ requests }) => ({ check: (node) => fit(requests, node) }),
};

function fit(wanted: Resources, { allocatable, requested, allowedPods, pods }: NodeState): Rejection | undefined {
  const reasons: string[] = [];
  let canPreempt = true;
  const ask = (resource: string, amount: number, all: number, used: number) => {
    if (amount === 0 || amount <= all - used) return;
    reasons.push(`Insufficient ${resource}`);
    // More than the whole node has.
    if (amount > all) canPreempt = false;
  };
  if (pods.size + 1 > allowedPods) reasons.push("Too many pods");
  ask("cpu", wanted.milliCpu, allocatable.milliCpu, requested.milliCpu);
  ask("memory", wanted.memory, allocatable.memory, requested.memory);
  ask("ephemeral-storage", wanted.ephemeralStorage, allocatable.ephemeralStorage, requested.ephemeralStorage);
  for (const [name, amount] of wanted.scalars)
    ask(name, amount, allocatable.scalars.get(name) ?? 0, requested.scalars.get(name) ?? 0);
  return reasons.length === 0 ? undefined : { reasons, canPreempt };
}
