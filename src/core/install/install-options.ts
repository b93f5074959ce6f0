import type { GatewayAddress } from "../../model/kinds/index.ts";

/** How Services of type NodePort and LoadBalancer come about is the cluster's own matter. */
export const SERVICE_TYPES = ["LoadBalancer", "NodePort", "ClusterIP"] as const;

/** What an installation is made from; checked where it comes in. */
export interface InstallOptions {
  /** Name of the site that the cluster is. */
  readonly site: string;
  /** Failure domains of the site. */
  readonly labels: Readonly<Record<string, string>>;
  /** Where other sites reach the gateways. */
  readonly advertised: readonly GatewayAddress[];
  /** How many gateways run. */
  readonly gateways: number;
  /** Tandem's own namespace. */
  readonly namespace: string;
  /** Namespaces in which Services may be switched; all when undefined. */
  readonly namespaces: readonly string[] | undefined;
  /** Of every process. */
  readonly image: string;
  /** Of the Service for other sites. */
  readonly serviceType: (typeof SERVICE_TYPES)[number];
}
