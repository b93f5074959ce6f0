/**
 * A snapshot -> its workloads, each with what belongs to it.
 * @module
 */
import type { ClusterSnapshot } from "../../model/snapshot/cluster-snapshot.ts";
import type { Pod } from "../../model/snapshot/pod.ts";
import type { LabelSelector } from "../../model/snapshot/selectors.ts";
import type { PodTemplate } from "../../model/snapshot/workload.ts";
import { hasEnded, isThere } from "../scheduling/cluster-state.ts";
import { selectionOf, type Selection, serviceSelection } from "../scheduling/selection.ts";
import { type AutoscalerIndex, effectiveReplicas, indexAutoscalers, scaleKey } from "./effective-replicas.ts";
import type { AuditObject } from "./audit-object.ts";
import type { EffectiveReplicas, Workload, WorkloadKind } from "./workload.ts";

/** Marks the API server's copy of a static pod, which no controller and no eviction reaches. */
const MIRROR = "kubernetes.io/config.mirror";

/** Helm runs what has it once: tests, migrations. */
const HELM_HOOK = "helm.sh/hook";

/** All workloads. What another workload makes is not one: its ReplicaSets, Jobs and pods; static pods neither. */
export function indexWorkloads(snapshot: ClusterSnapshot): readonly Workload[] {
  const { known, scene } = knownWorkloads(snapshot);
  return [...known, ...observedOnly(known, scene)];
}

/** Those of which the snapshot has the object. */
function knownWorkloads(snapshot: ClusterSnapshot): { readonly known: readonly Workload[]; readonly scene: Scene } {
  const scene: Scene = {
    autoscalers: indexAutoscalers(snapshot),
    podsByOwner: podsByTopOwner(snapshot),
    budgets: Map.groupBy(
      snapshot.podDisruptionBudgets.map((object) => ({ object, selects: selectionOf(object.spec.selector) })),
      ({ object }) => object.metadata.namespace,
    ),
    services: Map.groupBy(
      snapshot.services.map((object) => ({ object, selects: serviceSelection(object) })),
      ({ object }) => object.metadata.namespace,
    ),
  };
  const known = [
    ...snapshot.deployments.map((object) => scaled("Deployment", object, scene)),
    ...snapshot.statefulSets.map((object) => scaled("StatefulSet", object, scene)),
    ...snapshot.replicaSets.filter(isUnowned).map((object) => scaled("ReplicaSet", object, scene)),
    ...snapshot.replicationControllers.flatMap(({ metadata, spec }) =>
      spec.template === undefined || !isUnowned({ metadata })
        ? []
        : [
            scaled(
              "ReplicationController",
              {
                metadata,
                spec: {
                  ...spec,
                  template: templateOf(spec),
                  selector: { matchLabels: spec.selector },
                },
              },
              scene,
            ),
          ],
    ),
    ...snapshot.daemonSets.map((object) => {
      const of = { kind: "DaemonSet" as const, object };
      const count = scene.podsByOwner.get(keyOf(of))?.length ?? snapshot.nodes.length;
      return workload(of, object.spec, fixed(of, count, "nodes"), scene);
    }),
    ...snapshot.jobs.filter(isUnowned).map((object) => {
      const of = { kind: "Job" as const, object };
      return workload(of, { template: templateOf(object.spec) }, fixed(of, object.spec.parallelism, "spec"), scene);
    }),
    ...snapshot.cronJobs.map((object) => {
      const of = { kind: "CronJob" as const, object };
      const { spec } = object.spec.jobTemplate;
      const template = templateOf(spec);
      return {
        ...workload(of, { template }, fixed(of, spec.parallelism, "spec"), scene),
        podPath: ["spec", "jobTemplate", "spec", "template", "spec"],
      };
    }),
    ...snapshot.pods.filter(isBare).map((object) => {
      const of = { kind: "Pod" as const, object };
      const template = { metadata: object.metadata, spec: object.spec };
      return { ...workload(of, { template }, fixed(of, 1, "spec"), scene), podPath: ["spec"] };
    }),
  ];
  return { known, scene };
}

const REPLICATING: Readonly<Record<string, WorkloadKind>> = {
  ReplicaSet: "ReplicaSet",
  Deployment: "Deployment",
  StatefulSet: "StatefulSet",
  ReplicationController: "ReplicationController",
};

/** Workloads of which the snapshot has pods, and not the object: as many replicas as are there, of which the first stands for all. */
function observedOnly(known: readonly Workload[], scene: Scene): readonly Workload[] {
  const keys = new Set(known.map(keyOf));
  return [...scene.podsByOwner].flatMap(([key, pods]) => {
    const kind = REPLICATING[key.slice(0, key.indexOf(" "))];
    const [first] = pods;
    if (kind === undefined || first === undefined || keys.has(key)) return [];
    const metadata = { ...first.metadata, name: key.slice(key.indexOf("/") + 1), ownerReferences: [] };
    const of = { kind, object: { metadata } };
    const field = { of: { kind: "Pod", object: first }, path: ["metadata", "ownerReferences"], value: pods.length };
    const template = { metadata: first.metadata, spec: first.spec };
    return [workload(of, { template }, { count: pods.length, because: "observed", field }, scene)];
  });
}

/** Declarations of schemas that are nested this deep are written shortened, and no longer equal the type that they stand for. */
function templateOf({ template }: { readonly template?: unknown }): PodTemplate {
  return template as PodTemplate;
}

interface Scene {
  readonly autoscalers: AutoscalerIndex;
  readonly podsByOwner: ReadonlyMap<string, readonly Pod[]>;
  readonly budgets: ReadonlyMap<
    string,
    readonly { readonly object: ClusterSnapshot["podDisruptionBudgets"][number]; readonly selects: Selection }[]
  >;
  readonly services: ReadonlyMap<
    string,
    readonly { readonly object: ClusterSnapshot["services"][number]; readonly selects: Selection }[]
  >;
}

type OfKind = AuditObject & { readonly kind: WorkloadKind };

function scaled(
  kind: WorkloadKind,
  object: AuditObject["object"] & {
    readonly spec: { readonly replicas: number; readonly selector: LabelSelector; readonly template: PodTemplate };
  },
  scene: Scene,
): Workload {
  const of = { kind, object };
  const { namespace, name } = object.metadata;
  const autoscaler = scene.autoscalers.get(scaleKey(kind, namespace, name));
  const observed = scene.podsByOwner.get(keyOf(of))?.length;
  const replicas = effectiveReplicas(of, object.spec.replicas, autoscaler, observed);
  return { ...workload(of, object.spec, replicas, scene), autoscaler };
}

function workload(
  of: OfKind,
  { selector, template }: { readonly selector?: LabelSelector; readonly template: PodTemplate },
  replicas: EffectiveReplicas,
  { podsByOwner, budgets, services }: Scene,
): Workload {
  const { namespace, name } = of.object.metadata;
  const { labels } = template.metadata;
  return {
    ...of,
    namespace,
    name,
    template,
    podPath: ["spec", "template", "spec"],
    selector,
    replicas,
    autoscaler: undefined,
    budgets: (budgets.get(namespace) ?? []).filter((one) => one.selects.matches(labels)).map(({ object }) => object),
    services: (services.get(namespace) ?? []).filter((one) => one.selects.matches(labels)).map(({ object }) => object),
    pods: of.kind === "Pod" ? barePods(of.object as Pod) : (podsByOwner.get(keyOf(of)) ?? []),
  };
}

function fixed(of: OfKind, count: number, because: EffectiveReplicas["because"]): EffectiveReplicas {
  return { count, because, field: { of, path: [], value: of.kind } };
}

function barePods(pod: Pod): readonly Pod[] {
  return isThere(pod) ? [pod] : [];
}

function isUnowned({ metadata }: AuditObject["object"]): boolean {
  return !metadata.ownerReferences.some(({ controller }) => controller);
}

function isBare(pod: Pod): boolean {
  const { annotations } = pod.metadata;
  return isUnowned(pod) && annotations[MIRROR] === undefined && annotations[HELM_HOOK] === undefined && !hasEnded(pod);
}

/** Pods that are there, by the workload that they come from in the end. */
function podsByTopOwner(snapshot: ClusterSnapshot): ReadonlyMap<string, readonly Pod[]> {
  const owners = new Map<string, string>();
  for (const [kind, objects] of [
    ["ReplicaSet", snapshot.replicaSets],
    ["Job", snapshot.jobs],
  ] as const)
    for (const { metadata } of objects) {
      const owner = metadata.ownerReferences.find(({ controller }) => controller);
      if (owner !== undefined)
        owners.set(
          `${kind} ${metadata.namespace}/${metadata.name}`,
          `${owner.kind} ${metadata.namespace}/${owner.name}`,
        );
    }
  const byOwner = new Map<string, Pod[]>();
  for (const pod of snapshot.pods) {
    const owner = pod.metadata.ownerReferences.find(({ controller }) => controller);
    if (owner === undefined || !isThere(pod)) continue;
    const direct = `${owner.kind} ${pod.metadata.namespace}/${owner.name}`;
    const top = owners.get(direct) ?? direct;
    const list = byOwner.get(top);
    if (list === undefined) byOwner.set(top, [pod]);
    else list.push(pod);
  }
  return byOwner;
}

function keyOf({ kind, object: { metadata } }: AuditObject): string {
  return `${kind} ${metadata.namespace}/${metadata.name}`;
}
