/**
 * The resources of an API server that Tandem reads or writes, and their paths.
 * @module
 */

/** A resource as its REST paths name it. */
export interface KubeResource {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
  readonly namespaced: boolean;
}

/** Metadata of any object as API servers give it, as far as Tandem uses it. */
export interface KubeMetadata {
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly generation?: number;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly finalizers?: readonly string[];
  readonly [field: string]: unknown;
}

/** Any object of an API server. */
export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: KubeMetadata;
  readonly [field: string]: unknown;
}

const tandem = (plural: string, kind: string, namespaced: boolean): KubeResource => ({
  group: "tandem.dev",
  version: "v1alpha1",
  plural,
  kind,
  namespaced,
});

/** Each by the name that this code gives it. */
export const KUBE_RESOURCES = {
  failoverPolicies: tandem("failoverpolicies", "FailoverPolicy", true),
  switches: tandem("switches", "Switch", true),
  sites: tandem("sites", "Site", false),
  services: { group: "", version: "v1", plural: "services", kind: "Service", namespaced: true },
  endpointSlices: {
    group: "discovery.k8s.io",
    version: "v1",
    plural: "endpointslices",
    kind: "EndpointSlice",
    namespaced: true,
  },
  events: { group: "", version: "v1", plural: "events", kind: "Event", namespaced: true },
  pods: { group: "", version: "v1", plural: "pods", kind: "Pod", namespaced: true },
  secrets: { group: "", version: "v1", plural: "secrets", kind: "Secret", namespaced: true },
  namespaces: { group: "", version: "v1", plural: "namespaces", kind: "Namespace", namespaced: false },
  networkPolicies: {
    group: "networking.k8s.io",
    version: "v1",
    plural: "networkpolicies",
    kind: "NetworkPolicy",
    namespaced: true,
  },
  // Where there is Istio.
  peerAuthentications: {
    group: "security.istio.io",
    version: "v1",
    plural: "peerauthentications",
    kind: "PeerAuthentication",
    namespaced: true,
  },
  leases: { group: "coordination.k8s.io", version: "v1", plural: "leases", kind: "Lease", namespaced: true },
} as const satisfies Readonly<Record<string, KubeResource>>;

/** Where within a resource a request goes. */
export interface KubePlace {
  readonly namespace?: string | undefined;
  readonly name?: string;
  readonly subresource?: string;
}

/** `v1`, `discovery.k8s.io/v1`. */
export function apiVersionOf({ group, version }: KubeResource): string {
  return group === "" ? version : `${group}/${version}`;
}

/** The path of a collection, an object or a subresource. Without a namespace: of all namespaces. */
export function pathOf(resource: KubeResource, { namespace, name, subresource }: KubePlace = {}): string {
  const root = resource.group === "" ? "/api" : `/apis/${resource.group}`;
  const within = namespace === undefined || !resource.namespaced ? [] : ["namespaces", namespace];
  const parts = [resource.version, ...within, resource.plural, name, subresource].filter((part) => part !== undefined);
  return [root, ...parts.map((part) => encodeURIComponent(part))].join("/");
}

/** `namespace/name`, or the name of what has no namespace: unique within a resource. */
export function keyOf({ metadata }: KubeObject): string {
  return metadata.namespace === undefined ? metadata.name : `${metadata.namespace}/${metadata.name}`;
}
