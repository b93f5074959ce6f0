/**
 * Ways to reach a Service of a cluster all of whose pods die.
 * @module
 */
import { removalDelay } from "../rig/kubernetes.ts";

/** A way, and what Kubernetes does meanwhile. Times in ms. */
export interface KubernetesRow {
  readonly id: string;
  readonly title: string;
  /** The policy's mode; null: no policy, and nothing of Tandem runs. */
  readonly mode: "Gateway" | "Direct" | null;
  /** From the kill until Kubernetes marks the pods not ready. */
  readonly unreadyAfterMs: number;
  readonly note: string;
}

/** Every 10 s, three failures. */
const readinessMs = removalDelay("hang") ?? Number.POSITIVE_INFINITY;
/** Until the kubelet has seen that a container ended. */
const endedMs = removalDelay("crash") ?? Number.POSITIVE_INFINITY;
/** A node is given up 40 s after its last sign, and 10 s are the longest between two of these. */
const nodeDeathMs = 50_000;

/** How long requests are counted after the kill, in ms. */
export const windowMs = 10_000;

/** All rows. */
export const rows: readonly KubernetesRow[] = [
  {
    id: "gateway",
    title: "Tandem, Gateway mode",
    mode: "Gateway",
    unreadyAfterMs: readinessMs,
    note: "the Service goes to two gateways all the time; `profile: fast`, `perTryTimeout: 250ms`",
  },
  {
    id: "direct",
    title: "Tandem, Direct mode",
    mode: "Direct",
    unreadyAfterMs: readinessMs,
    note: "the Service goes to its pods until the gateways agree that another site serves; `profile: fast`",
  },
  {
    id: "plain",
    title: "Kubernetes",
    mode: null,
    unreadyAfterMs: readinessMs,
    note: `no policy. Kubernetes notices after ${readinessMs / 1000} s (readinessProbe: every 10 s, three failures), or ${nodeDeathMs / 1000} s (node dead): assumed, both are past the end of what is measured`,
  },
  {
    id: "plain-ended",
    title: "Kubernetes, containers seen to end",
    mode: null,
    unreadyAfterMs: endedMs,
    note: `no policy; pods become unready ${endedMs / 1000} s after the kill (assumed: the kubelet's look at its containers), and nobody else serves`,
  },
];
