/**
 * core/v1 Pod as far as schedulers look at it.
 * @module
 */
import { z } from "zod";
import { LabelSelector, NodeSelector, ResourceList, SnapshotMetadata, StringMap } from "./selectors.ts";

const ContainerPort = z.object({
  containerPort: z.int().default(0),
  /** 0: none is taken of the node. */
  hostPort: z.int().default(0),
  hostIP: z.string().default(""),
  protocol: z.string().default("TCP"),
});
/** A port of a container; it takes one of its node where it has a hostPort. */
export type ContainerPort = z.infer<typeof ContainerPort>;

const Probe = z.object({
  httpGet: z
    .object({
      path: z.string().default("/"),
      port: z.union([z.int(), z.string()]),
      host: z.string().default(""),
      scheme: z.string().default("HTTP"),
    })
    .optional(),
  tcpSocket: z.object({ port: z.union([z.int(), z.string()]), host: z.string().default("") }).optional(),
  exec: z.object({ command: z.array(z.string()).default([]) }).optional(),
  grpc: z.object({ port: z.int(), service: z.string().default("") }).optional(),
  periodSeconds: z.number().default(10),
  failureThreshold: z.number().default(3),
});
/** How a kubelet asks a container whether it is well. */
export type Probe = z.infer<typeof Probe>;

const LifecycleHandler = z.object({ sleep: z.object({ seconds: z.number().default(0) }).optional() });

const Container = z.object({
  name: z.string(),
  image: z.string().default(""),
  resources: z.object({ requests: ResourceList.optional(), limits: ResourceList.optional() }).default({}),
  ports: z.array(ContainerPort).default([]),
  /** `Always` on an init container makes it a sidecar. */
  restartPolicy: z.string().optional(),
  readinessProbe: Probe.optional(),
  livenessProbe: Probe.optional(),
  startupProbe: Probe.optional(),
  lifecycle: z.object({ preStop: LifecycleHandler.optional() }).optional(),
  volumeMounts: z.array(z.object({ name: z.string(), mountPath: z.string().default("") })).default([]),
});
/** A container or init container. */
export type Container = z.infer<typeof Container>;

/** core/v1 Toleration. */
export const Toleration = z.object({
  key: z.string().default(""),
  operator: z.enum(["", "Exists", "Equal", "Lt", "Gt"]).default(""),
  value: z.string().default(""),
  effect: z.string().default(""),
  tolerationSeconds: z.number().optional(),
});
export type Toleration = z.infer<typeof Toleration>;

const PodAffinityTerm = z.object({
  topologyKey: z.string(),
  labelSelector: LabelSelector.optional(),
  namespaces: z.array(z.string()).default([]),
  namespaceSelector: LabelSelector.optional(),
  matchLabelKeys: z.array(z.string()).default([]),
  mismatchLabelKeys: z.array(z.string()).default([]),
});
/** A term of pod affinity or anti-affinity. */
export type PodAffinityTerm = z.infer<typeof PodAffinityTerm>;

const PodAffinity = z.object({
  requiredDuringSchedulingIgnoredDuringExecution: z.array(PodAffinityTerm).default([]),
  preferredDuringSchedulingIgnoredDuringExecution: z
    .array(z.object({ weight: z.int(), podAffinityTerm: PodAffinityTerm }))
    .default([]),
});

const NodeAffinity = z.object({
  requiredDuringSchedulingIgnoredDuringExecution: NodeSelector.optional(),
  preferredDuringSchedulingIgnoredDuringExecution: z
    .array(z.object({ weight: z.int(), preference: NodeSelector.shape.nodeSelectorTerms.element }))
    .default([]),
});

const InclusionPolicy = z.enum(["Honor", "Ignore"]);

/** A topology spread constraint. */
export const TopologySpreadConstraint = z.object({
  maxSkew: z.int(),
  topologyKey: z.string(),
  whenUnsatisfiable: z.enum(["DoNotSchedule", "ScheduleAnyway"]),
  labelSelector: LabelSelector.optional(),
  minDomains: z.int().default(1),
  nodeAffinityPolicy: InclusionPolicy.default("Honor"),
  nodeTaintsPolicy: InclusionPolicy.default("Ignore"),
  matchLabelKeys: z.array(z.string()).default([]),
});
export type TopologySpreadConstraint = z.infer<typeof TopologySpreadConstraint>;

const Volume = z.object({
  name: z.string(),
  persistentVolumeClaim: z.object({ claimName: z.string() }).optional(),
  /** Its claim is `<pod>-<volume>`, made for this pod. */
  ephemeral: z.object({}).optional(),
  emptyDir: z.object({ medium: z.string().default("") }).optional(),
  hostPath: z.object({ path: z.string() }).optional(),
  configMap: z.object({ name: z.string().optional() }).optional(),
  secret: z.object({ secretName: z.string().optional() }).optional(),
  gcePersistentDisk: z.object({ pdName: z.string(), readOnly: z.boolean().default(false) }).optional(),
  awsElasticBlockStore: z.object({ volumeID: z.string() }).optional(),
  iscsi: z.object({ iqn: z.string(), readOnly: z.boolean().default(false) }).optional(),
  rbd: z
    .object({
      monitors: z.array(z.string()).default([]),
      pool: z.string().default("rbd"),
      image: z.string(),
      readOnly: z.boolean().default(false),
    })
    .optional(),
});
/** A volume of a pod; sources that decide neither where it runs nor what a lost node takes along are left out. */
export type Volume = z.infer<typeof Volume>;

const ContainerStatus = z.object({
  name: z.string(),
  /** What the runtime was told last. */
  resources: z.object({ requests: ResourceList.optional() }).optional(),
  /** What the node has set aside. */
  allocatedResources: ResourceList.optional(),
});
/** What a node says of a container. */
export type ContainerStatus = z.infer<typeof ContainerStatus>;

const PodSpec = z.object({
  nodeName: z.string().default(""),
  schedulerName: z.string().default("default-scheduler"),
  containers: z.array(Container).default([]),
  initContainers: z.array(Container).default([]),
  /** Of the pod as a whole: instead of the sum of its containers, for the resources that are named. */
  resources: z.object({ requests: ResourceList.optional(), limits: ResourceList.optional() }).optional(),
  overhead: ResourceList.default({}),
  nodeSelector: StringMap.default({}),
  affinity: z
    .object({
      nodeAffinity: NodeAffinity.optional(),
      podAffinity: PodAffinity.optional(),
      podAntiAffinity: PodAffinity.optional(),
    })
    .default({}),
  tolerations: z.array(Toleration).default([]),
  topologySpreadConstraints: z.array(TopologySpreadConstraint).default([]),
  volumes: z.array(Volume).default([]),
  priority: z.int().default(0),
  priorityClassName: z.string().default(""),
  preemptionPolicy: z.enum(["PreemptLowerPriority", "Never"]).default("PreemptLowerPriority"),
  terminationGracePeriodSeconds: z.number().default(30),
  schedulingGates: z.array(z.object({ name: z.string() })).default([]),
  resourceClaims: z.array(z.object({ name: z.string() })).default([]),
});

const PodStatus = z.object({
  phase: z.string().default("Pending"),
  nominatedNodeName: z.string().default(""),
  startTime: z.string().optional(),
  conditions: z
    .array(
      z.object({
        type: z.string(),
        status: z.string().default(""),
        reason: z.string().default(""),
        lastTransitionTime: z.string().optional(),
      }),
    )
    .default([]),
  containerStatuses: z.array(ContainerStatus).default([]),
  initContainerStatuses: z.array(ContainerStatus).default([]),
  /** Of the pod as a whole, as of a container. */
  resources: z.object({ requests: ResourceList.optional() }).optional(),
  allocatedResources: ResourceList.optional(),
});

/** core/v1 Pod. */
export const Pod = z.object({
  metadata: SnapshotMetadata,
  spec: PodSpec,
  status: PodStatus.prefault({}),
});
export type Pod = z.infer<typeof Pod>;
