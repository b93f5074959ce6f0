/**
 * What the switch of a Service in a cluster is decided from, and the changes that it is made of. See design.md, "Service
 * switch in Kubernetes", and docs/adr/0010.
 * @module
 */
import { z } from "zod";
import type { HealthCheck } from "./kinds/failover-policy.ts";
import { NamespacedMetadata } from "./kinds/metadata.ts";

/** An IP family as Services and EndpointSlices name it. */
export type IpFamily = "IPv4" | "IPv6";

/** An entry of `metadata.managedFields`, as far as it says who has set the selector. */
const ManagedFields = z.looseObject({
  manager: z.string().optional(),
  time: z.string().optional(),
  fieldsV1: z
    .looseObject({ "f:spec": z.looseObject({ "f:selector": z.record(z.string(), z.unknown()).optional() }).optional() })
    .optional(),
});

const StoredMetadata = NamespacedMetadata.extend({
  managedFields: z.array(ManagedFields).nullish().catch(undefined),
  uid: z.string(),
  resourceVersion: z.string(),
  deletionTimestamp: z.string().nullish(),
});

const ClusterServicePort = z.looseObject({
  name: z.string().default(""),
  protocol: z.string().default("TCP"),
  appProtocol: z.string().nullish(),
  port: z.int(),
  targetPort: z.union([z.int(), z.string()]).optional(),
});

/** core/v1 Service as API servers give it, as far as a switch needs it. */
export const ClusterService = z.looseObject({
  metadata: StoredMetadata,
  spec: z.looseObject({
    type: z.string().default("ClusterIP"),
    clusterIP: z.string().default(""),
    selector: z.record(z.string(), z.string()).nullish(),
    ports: z.array(ClusterServicePort).default([]),
    ipFamilies: z.array(z.enum(["IPv4", "IPv6"])).default(["IPv4"]),
    ipFamilyPolicy: z.string().optional(),
    sessionAffinity: z.string().default("None"),
    internalTrafficPolicy: z.string().default("Cluster"),
    externalTrafficPolicy: z.string().default("Cluster"),
    publishNotReadyAddresses: z.boolean().default(false),
  }),
});
export type ClusterService = z.infer<typeof ClusterService>;

/** discovery.k8s.io/v1 EndpointSlice as API servers give it, as far as a switch needs it. */
export const ClusterSlice = z.looseObject({
  metadata: StoredMetadata,
  addressType: z.string(),
  endpoints: z
    .array(
      z.looseObject({
        addresses: z.array(z.string()),
        conditions: z.looseObject({ ready: z.boolean().nullish() }).default({}),
      }),
    )
    .nullish(),
  ports: z.array(z.looseObject({ name: z.string().nullish(), port: z.int().nullish() })).nullish(),
});
export type ClusterSlice = z.infer<typeof ClusterSlice>;

const ProbePort = z.union([z.int(), z.string()]);

const ReadinessProbe = z.looseObject({
  httpGet: z
    .looseObject({
      path: z.string().optional(),
      port: ProbePort,
      scheme: z.string().optional(),
      httpHeaders: z.array(z.looseObject({ name: z.string(), value: z.string() })).nullish(),
    })
    .nullish(),
  tcpSocket: z.looseObject({ port: ProbePort }).nullish(),
});
/** core/v1 Probe, as far as gateways can ask the same. */
export type ReadinessProbe = z.infer<typeof ReadinessProbe>;

/** core/v1 Pod as API servers give it, as far as its readiness probes and labels are concerned. */
export const ClusterPod = z.looseObject({
  metadata: z.looseObject({ labels: z.record(z.string(), z.string()).default({}) }).default({ labels: {} }),
  spec: z.looseObject({
    containers: z.array(
      z.looseObject({
        ports: z.array(z.looseObject({ name: z.string().nullish(), containerPort: z.int() })).nullish(),
        readinessProbe: ReadinessProbe.nullish(),
      }),
    ),
  }),
});
export type ClusterPod = z.infer<typeof ClusterPod>;

/** A gateway of this site that is alive and serves the Service. */
export interface TakeoverGateway {
  readonly name: string;
  readonly addresses: Readonly<Partial<Record<IpFamily, string>>>;
}

/** Somebody else has set the selector of a Service while it was held. */
export interface SelectorContest {
  /** By the name that `managedFields` gave; undefined where it gave none. */
  readonly by: string | undefined;
  /** Not held again before, in Unix milliseconds. */
  readonly holdAgainAt: number;
  /** When it is forgotten unless it happens again, in Unix milliseconds. */
  readonly endsAt: number;
}

/** What stands between a Service's pods and those who come to them. */
export interface ServiceSurroundings {
  /** NetworkPolicies that let only some come to the pods, `namespace/name`. */
  readonly restrictedBy: readonly string[];
  /** What keeps out whoever is not in a mesh, as a person names it. */
  readonly strictMesh: string | undefined;
}

/** All that the switch of one Service is decided from. */
export interface TakeoverView {
  /** The policy that targets it; undefined when there is none any more, or it is being deleted. */
  readonly policy:
    | {
        readonly uid: string;
        readonly mode: "Direct" | "Gateway";
        /** It says how endpoints are asked. */
        readonly hasCheck?: boolean;
      }
    | undefined;
  /** Undefined when it is gone: what was made for it goes with it. */
  readonly service: ClusterService | undefined;
  readonly origin: ClusterService | undefined;
  /** The slices that Tandem made for it. */
  readonly gatewaySlices: readonly ClusterSlice[];
  /** In the order of their names. */
  readonly gateways: readonly TakeoverGateway[];
  /** The gateways' listener of each port, by its number. */
  readonly listenPorts: ReadonlyMap<number, number>;
  /** Direct mode: whether it was decided that other sites serve. */
  readonly switched: boolean;
  /**
   * After the selector is back: whether Kubernetes' own slices have endpoints again as the origin's have. Until then ours
   * stay ready.
   */
  readonly returned: boolean;
  /** Unix milliseconds, and the same as RFC 3339. */
  readonly now: number;
  readonly timestamp: string;
  readonly contest?: SelectorContest | undefined;
  /** Undefined: nothing is known to stand there. */
  readonly surroundings?: ServiceSurroundings | undefined;
  /** The pods' readiness probe as a check, where the policy gives none; null: they have none that gateways could do. */
  readonly check?: HealthCheck | null | undefined;
  /** When the origin was created, in Unix milliseconds. */
  readonly originCreatedAt: number | undefined;
  /** What the origin says of when it was released, in Unix milliseconds. */
  readonly releasedAt: number | undefined;
  /** How long gateways go on serving a Service that is no longer protected: proxies and open connections take their time. */
  readonly drainMs: number;
}

/** One write. All of one plan go out at once: none relies on another. */
export type TakeoverChange =
  | { readonly do: "create"; readonly resource: TakeoverResource; readonly object: TakeoverObject }
  | {
      readonly do: "patch";
      readonly resource: TakeoverResource;
      readonly name: string;
      /** Somebody who has changed the object since it was read has the last word. */
      readonly resourceVersion: string;
      /** JSON Merge Patch, RFC 7396. */
      readonly patch: Readonly<Record<string, unknown>>;
    }
  | {
      readonly do: "delete";
      readonly resource: TakeoverResource;
      readonly name: string;
      /** Not another one that has taken its name. */
      readonly uid: string;
    };

/** What a switch writes. */
export type TakeoverResource = "services" | "endpointSlices";

/** An object to create in the Service's namespace. */
export interface TakeoverObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly [field: string]: unknown };
  readonly [field: string]: unknown;
}

/**
 * Where the switch of a Service stands. `Refused`: the Service is of a sort that is left alone. `Preparing`: what it takes
 * is not all there yet. `Prepared`: it is, and traffic goes the Service's own way. `Held`: traffic goes through the
 * gateways. `Returning`: the selector is back, and the gateways serve until Kubernetes' slices are and nobody comes any
 * more. `Released`: nothing of Tandem is left.
 */
export type TakeoverState = "Refused" | "Preparing" | "Prepared" | "Held" | "Returning" | "Released";

/** Why a Service is left alone. */
export interface TakeoverRefusal {
  /** Word for the status and for the annotation that allows it. */
  readonly reason: string;
  readonly message: string;
  /** Whether the annotation may allow it; else it cannot work. */
  readonly allowable: boolean;
}

/** What to do about a Service now. */
export interface TakeoverPlan {
  readonly state: TakeoverState;
  readonly changes: readonly TakeoverChange[];
  readonly refusals: readonly TakeoverRefusal[];
  /** Gateways should serve it and none can: it goes straight to its pods. */
  readonly bypassed?: boolean;
  /** Somebody else sets the selector: by the name that `managedFields` gives. */
  readonly contestedBy?: string;
  /** When time alone will change the plan, in Unix milliseconds. */
  readonly nextLookAt?: number;
}
