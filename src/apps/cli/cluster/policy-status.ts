/**
 * What a controller says of a policy, as it is read back.
 * @module
 */
import type { KubeObject } from "../../../adapters/kube/kube-resource.ts";
import { PolicyStatus } from "../../../model/policy-status.ts";

/** What the status of a policy says; undefined while no controller of this version has said anything. */
export function statusOfPolicy(policy: KubeObject): PolicyStatus | undefined {
  return PolicyStatus.safeParse(policy["status"]).data;
}

/** Those of some conditions that are not True of what the policy says now. */
export function unmetConditions(policy: KubeObject, wanted: readonly string[]): readonly string[] {
  const conditions = statusOfPolicy(policy)?.conditions ?? [];
  const generation = policy.metadata.generation ?? 0;
  return wanted.filter((type) => {
    const condition = conditions.find((one) => one.type === type);
    return condition?.status !== "True" || condition.observedGeneration < generation;
  });
}
