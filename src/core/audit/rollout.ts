/**
 * What a Deployment's update strategy allows. https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#strategy
 * @module
 */
import type { Deployment } from "../../model/snapshot/workload.ts";
import type { Workload } from "./workload.ts";

/** How many pods a roll-out may have unavailable. Unlike that of a budget, a share is rounded down. */
export function mayBeUnavailable({ strategy }: Deployment["spec"], replicas: number): number {
  const { maxUnavailable } = strategy.rollingUpdate;
  if (typeof maxUnavailable === "number") return maxUnavailable;
  return Math.floor((Number.parseInt(maxUnavailable, 10) / 100) * replicas);
}

/** Whether a roll-out has to start a pod before it may end one. */
export function startsFirst({ kind, object, replicas }: Workload): boolean {
  if (kind !== "Deployment" || !("spec" in object)) return false;
  const { spec } = object as Deployment;
  return spec.strategy.type === "RollingUpdate" && mayBeUnavailable(spec, replicas.count) === 0;
}
