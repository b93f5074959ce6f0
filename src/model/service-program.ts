/**
 * What should be served how on one gateway: the intermediate representation between decisions and Envoy. Knows neither Kubernetes nor Envoy.
 * @module
 */
import type { ServicePortKey } from "./service-key.ts";
import type { ListenAddress } from "./service-view.ts";

/**
 * How an endpoint may be used: `active` normally, `standby` only when no active one is left, `out` not at all
 * (except as the last resort of all).
 */
export type EndpointRole = "active" | "standby" | "out";

/** A destination: a pod of this site, or a gateway of a peer. */
export interface ProgramEndpoint {
  readonly address: string;
  readonly port: number;
  readonly role: EndpointRole;
  /** The endpoint's own word; a peer's gateway is ready unless it drains. */
  readonly ready: boolean;
  /** Whether the gateway's active check counts here. */
  readonly checked: boolean;
  /** Host header of an HTTP check of a pod. */
  readonly checkHost?: string;
  readonly checkPort?: number;
}

/** The endpoints of one site, in the order in which sites are tried. */
export interface ProgramTier {
  readonly site: string;
  /** True: endpoints are pods, in clear text. False: they are the peer's gateways, over mTLS. */
  readonly local: boolean;
  readonly endpoints: readonly ProgramEndpoint[];
}

/** The active check of local endpoints. */
export type ProgramCheck = {
  readonly intervalMs: number;
  /** Interval of the cluster that answers peers' probes. */
  readonly answerIntervalMs: number;
  readonly timeoutMs: number;
  readonly unhealthyThreshold: number;
  readonly healthyThreshold: number;
} & (
  | { readonly kind: "http"; readonly path: string; readonly host?: string; readonly http2: boolean }
  | { readonly kind: "tcp"; readonly send?: string; readonly receive?: string }
);

/** Retry rules of the calling gateway. */
export interface ProgramRetry {
  /** Retries after the first attempt. */
  readonly attempts: number;
  /** 0: no limit per try, and no hedging. */
  readonly perTryTimeoutMs: number;
  readonly hedge: boolean;
  readonly crossSiteWrites: boolean;
  readonly idempotencyHeader?: string;
}

/** One port of one service on one gateway. */
export interface ServiceProgram {
  readonly service: ServicePortKey;
  readonly site: string;
  readonly protocol: "http" | "tcp";
  /** Pods speak HTTP/2 without TLS. */
  readonly http2: boolean;
  /** Where clients of this site connect; absent when the site only serves. */
  readonly listen?: ListenAddress;
  /** Each connection of a client ends with the request that it is in. */
  readonly leaving?: true;
  /** Sites whose gateways may send requests in. */
  readonly callers: readonly string[];
  /** In order of preference; may be empty. The local one always exists, if only without endpoints. */
  readonly tiers: readonly ProgramTier[];
  readonly check: ProgramCheck;
  /** Below this share of healthy endpoints a tier passes what it cannot carry to the next. */
  readonly minHealthyPercent: number;
  readonly retry: ProgramRetry;
  /** For the whole request; 0 is none. */
  readonly timeoutMs: number;
}
