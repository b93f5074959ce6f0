import type { ServicePortKey } from "./service-key.ts";
import type { CheckState } from "./service-view.ts";

/** A decision of Envoy about one endpoint of one service. */
export type EnvoyHealthEvent = {
  readonly service: ServicePortKey;
  /** By which cluster: the callers' or the one that answers peers. */
  readonly view: "in" | "out";
  /** `address:port`. */
  readonly endpoint: string;
  /** Unix milliseconds, by Envoy's clock. */
  readonly at: number;
} & ({ readonly kind: "check"; readonly state: CheckState } | { readonly kind: "outlier"; readonly ejected: boolean });
