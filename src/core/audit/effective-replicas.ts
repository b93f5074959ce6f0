/**
 * How many replicas can be counted on. https://kubernetes.io/docs/concepts/workloads/autoscaling/
 * @module
 */
import type { ClusterSnapshot } from "../../model/snapshot/cluster-snapshot.ts";
import type { AuditObject } from "./audit-object.ts";
import type { AutoscalerOf, EffectiveReplicas } from "./workload.ts";

/** Autoscalers by what they scale. */
export type AutoscalerIndex = ReadonlyMap<string, AutoscalerOf>;

/** Indexes autoscalers; KEDA's come first, since KEDA makes an autoscaler of its own for each. */
export function indexAutoscalers({ horizontalPodAutoscalers, scaledObjects }: ClusterSnapshot): AutoscalerIndex {
  const all: AutoscalerOf[] = [
    ...horizontalPodAutoscalers.map((object) => ({ kind: "HorizontalPodAutoscaler" as const, object })),
    ...scaledObjects.map((object) => ({ kind: "ScaledObject" as const, object })),
  ];
  return new Map(
    all.map((one) => {
      const { kind, name } = one.object.spec.scaleTargetRef;
      return [scaleKey(kind, one.object.metadata.namespace, name), one];
    }),
  );
}

/** What an autoscaler is found by. */
export function scaleKey(kind: string, namespace: string, name: string): string {
  return `${kind} ${namespace}/${name}`;
}

/**
 * The least that an autoscaler keeps, else what is observed in a live snapshot, else the spec. `replicas: 0` switches an
 * autoscaler off.
 * @param observed pods that are there; undefined where the snapshot has none of the workload
 */
export function effectiveReplicas(
  of: AuditObject,
  declared: number,
  autoscaler: AutoscalerOf | undefined,
  observed: number | undefined,
): EffectiveReplicas {
  const spec = { of, path: ["spec", "replicas"], value: declared };
  if (declared === 0 && autoscaler?.kind !== "ScaledObject") return { count: 0, because: "spec", field: spec };
  if (autoscaler !== undefined) return fromAutoscaler(autoscaler);
  if (observed !== undefined && observed !== declared)
    return { count: observed, because: "observed", field: { ...spec, value: `${declared}, observed ${observed}` } };
  return { count: declared, because: "spec", field: spec };
}

function fromAutoscaler(autoscaler: AutoscalerOf): EffectiveReplicas {
  if (autoscaler.kind === "HorizontalPodAutoscaler") {
    const { minReplicas } = autoscaler.object.spec;
    return {
      count: minReplicas,
      because: "autoscaler",
      field: { of: autoscaler, path: ["spec", "minReplicas"], value: minReplicas },
    };
  }
  const { minReplicaCount, idleReplicaCount } = autoscaler.object.spec;
  const isIdleLower = idleReplicaCount !== undefined && idleReplicaCount < minReplicaCount;
  return {
    count: isIdleLower ? idleReplicaCount : minReplicaCount,
    because: "autoscaler",
    field: {
      of: autoscaler,
      path: ["spec", isIdleLower ? "idleReplicaCount" : "minReplicaCount"],
      value: isIdleLower ? idleReplicaCount : minReplicaCount,
    },
  };
}
