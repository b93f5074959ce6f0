/**
 * What makes pods, with all that decides how available they are.
 * @module
 */
import type { PodDisruptionBudget } from "../../model/snapshot/disruption-budget.ts";
import type { Container, Pod } from "../../model/snapshot/pod.ts";
import type { LabelSelector } from "../../model/snapshot/selectors.ts";
import type { PodTemplate, Service } from "../../model/snapshot/workload.ts";
import type { HorizontalPodAutoscaler, ScaledObject } from "../../model/snapshot/autoscaling.ts";
import type { AuditObject, Field } from "./audit-object.ts";

/** Kinds of workloads. A `Pod` is one that nothing owns. */
export type WorkloadKind =
  | "Deployment"
  | "StatefulSet"
  | "ReplicaSet"
  | "ReplicationController"
  | "DaemonSet"
  | "Job"
  | "CronJob"
  | "Pod";

/** How many pods can be counted on, and the field that says so. */
export interface EffectiveReplicas {
  readonly count: number;
  readonly because: "spec" | "autoscaler" | "observed" | "nodes";
  readonly field: Field;
}

/** One workload. */
export interface Workload extends AuditObject {
  readonly kind: WorkloadKind;
  readonly namespace: string;
  readonly name: string;
  readonly template: PodTemplate;
  /** Where the pod's spec stands within the object. */
  readonly podPath: readonly PropertyKey[];
  readonly selector: LabelSelector | undefined;
  readonly replicas: EffectiveReplicas;
  readonly autoscaler: AutoscalerOf | undefined;
  readonly budgets: readonly PodDisruptionBudget[];
  readonly services: readonly Service[];
  /** Its pods that are there: on a node, neither ended nor being deleted. */
  readonly pods: readonly Pod[];
}

/** What scales a workload. */
export type AutoscalerOf =
  | { readonly kind: "HorizontalPodAutoscaler"; readonly object: HorizontalPodAutoscaler }
  | { readonly kind: "ScaledObject"; readonly object: ScaledObject };

const REPLICATED: ReadonlySet<WorkloadKind> = new Set([
  "Deployment",
  "StatefulSet",
  "ReplicaSet",
  "ReplicationController",
]);

/** Whether a workload is to go on for ever with a number of replicas that somebody chose. */
export function isReplicated({ kind }: Workload): boolean {
  return REPLICATED.has(kind);
}

/** Whether a workload is to go on for ever. */
export function isLongRunning({ kind }: Workload): boolean {
  return kind !== "Job" && kind !== "CronJob";
}

/** A field of a workload's pods. */
export function podField(workload: Workload, path: readonly PropertyKey[], value?: unknown): Field {
  return { of: workload, path: [...workload.podPath, ...path], ...(value === undefined ? {} : { value }) };
}

/** `Deployment shop/web`. */
export function nameOf({ kind, object: { metadata } }: AuditObject): string {
  return `${kind} ${metadata.namespace}/${metadata.name}`;
}

/** The workload's pod, as the scheduler would see it. */
export function podOf({ template, namespace, name }: Workload): Pod {
  return {
    metadata: { ...template.metadata, name: template.metadata.name || name, namespace },
    spec: template.spec,
    status: {
      phase: "Pending",
      nominatedNodeName: "",
      conditions: [],
      containerStatuses: [],
      initContainerStatuses: [],
    },
  };
}

/** Containers that run for as long as the pod does, with their place in the pod's spec. */
export function runningContainers({
  template: { spec },
}: Workload): readonly { readonly container: Container; readonly path: readonly PropertyKey[] }[] {
  return [
    ...spec.containers.map((container, index) => ({ container, path: ["containers", index] })),
    ...spec.initContainers
      .map((container, index) => ({ container, path: ["initContainers", index] }))
      .filter(({ container }) => container.restartPolicy === "Always"),
  ];
}
