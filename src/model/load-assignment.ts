/**
 * What Tandem says of a cluster's endpoints: the part of Envoy's `ClusterLoadAssignment` (proto3 JSON mapping) that it
 * uses and no more, so that the adapter can encode it by hand. A field added here has to be added there.
 * @module
 */

/** The endpoints of one cluster. */
export interface LoadAssignment {
  readonly clusterName: string;
  readonly endpoints: readonly PriorityEndpoints[];
  readonly policy: { readonly overprovisioningFactor: number };
}

/** The endpoints of one priority: those of one site. */
export interface PriorityEndpoints {
  readonly priority: number;
  readonly locality: { readonly region: string };
  readonly lbEndpoints: readonly AssignedEndpoint[];
}

/** An endpoint with how it is checked and what else is known of it. */
export interface AssignedEndpoint {
  readonly endpoint: { readonly address: AssignedAddress; readonly healthCheckConfig?: AssignedCheck };
  readonly healthStatus: AssignedHealth;
  readonly metadata?: AssignedMetadata;
}

/** A socket of this machine, or an IP address. */
export type AssignedAddress =
  | { readonly pipe: { readonly path: string } }
  | { readonly socketAddress: { readonly address: string; readonly portValue: number } };

/** Where an endpoint's check differs from its cluster's. */
export interface AssignedCheck {
  readonly disableActiveHealthCheck?: true;
  readonly hostname?: string;
  readonly portValue?: number;
}

/** What the endpoint's source says of it; checks and outlier detection come on top. */
export type AssignedHealth = "HEALTHY" | "UNHEALTHY" | "DEGRADED";

/** Text by namespace and key. */
export interface AssignedMetadata {
  readonly filterMetadata: Readonly<Record<string, Readonly<Record<string, string>>>>;
}
