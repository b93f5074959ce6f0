import type { KnownUser } from "./http/authentication.ts";

/** The controllers inside the cluster that can be switched off or slowed down. */
export type ControllerName =
  | "endpointSlices"
  | "endpoints"
  | "endpointSliceMirroring"
  | "garbageCollection"
  | "namespaces";

/** How a simulated cluster is made; everything has a default. */
export interface ClusterOptions {
  /** `ADDRESS:PORT`, IPv4; port 0 takes a free one. Default `127.0.0.1:0`. */
  readonly listen?: string;
  /** HTTPS with an authority of its own. Default true. */
  readonly tls?: boolean;
  /** Name in the kubeconfig. Default `simulated`. */
  readonly name?: string;
  /** Who may identify themselves. Default: `admin` of `system:masters` with the token `admin-token`. */
  readonly users?: readonly KnownUser[];
  /** Namespaces besides `default`, `kube-system`, `kube-public` and `kube-node-lease`. */
  readonly namespaces?: readonly string[];
  /** Whether endpoints may have addresses in 127.0.0.0/8, which a real API server refuses. Default false. */
  readonly allowLoopback?: boolean;
  /** Which controllers run, and how long after an event they act. Default: all of them, at once. */
  readonly controllers?: Readonly<Partial<Record<ControllerName, boolean | { readonly delayMs: number }>>>;
  /** Milliseconds until a new CustomResourceDefinition is served, or `never`: until {@link SimulatedCluster.establish}. Default 20. */
  readonly establishAfterMs?: number | "never";
  /** How long a second of a watch's `timeoutSeconds` lasts. Default 1,000. */
  readonly secondMs?: number;
  /** Milliseconds between bookmarks. Default 60,000, as the real one. */
  readonly bookmarkMs?: number;
  /** Whether watches may begin with a streaming list. Default true. */
  readonly streamingLists?: boolean;
  /** Added to the time in timestamps, in milliseconds. */
  readonly clockOffsetMs?: number;
  /** A file that keeps the objects over the end of the process; beside it `FILE.tls` keeps the certificate. */
  readonly stateFile?: string;
}
