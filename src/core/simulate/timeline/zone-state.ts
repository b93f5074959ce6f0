/**
 * How fast the node lifecycle controller taints the nodes of a zone, by how many of them are not ready.
 * https://kubernetes.io/docs/concepts/architecture/nodes/#rate-limits-on-eviction
 * @module
 */
import type { StringMap } from "../../../model/snapshot/selectors.ts";

/** `full`: no node is ready. `partial`: more than two, and at least 55 %, are not. */
export type ZoneState = "normal" | "partial" | "full";

const REGION = ["topology.kubernetes.io/region", "failure-domain.beta.kubernetes.io/region"];
const ZONE = ["topology.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/zone"];

/** Nodes that do not count for the state of their zone. */
export const EXCLUDED_FROM_DISRUPTION = "node.kubernetes.io/exclude-disruption";

const UNHEALTHY_SHARE = 0.55;
const LARGE_ZONE = 50;
const RATE = 0.1;
const REDUCED_RATE = 0.01;

/** Region and zone together; nodes without either of the labels are one zone, the empty one. */
export function zoneKeyOf(labels: StringMap): string {
  const valueOf = (keys: readonly string[]): string => keys.map((key) => labels[key]).find(Boolean) ?? "";
  const [region, zone] = [valueOf(REGION), valueOf(ZONE)];
  return region === "" && zone === "" ? "" : `${region}/${zone}`;
}

/** The state of a zone with so many nodes. */
export function zoneStateOf({ ready, notReady }: { readonly ready: number; readonly notReady: number }): ZoneState {
  if (ready === 0 && notReady > 0) return "full";
  return notReady > 2 && notReady / (ready + notReady) >= UNHEALTHY_SHARE ? "partial" : "normal";
}

/** Nodes that get a NoExecute taint per second, while another zone is not fully disrupted. */
export function taintRateOf(state: ZoneState, nodes: number): number {
  if (state !== "partial") return RATE;
  return nodes > LARGE_ZONE ? REDUCED_RATE : 0;
}
