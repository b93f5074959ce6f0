/**
 * The few words that generated clusters are made of: few, so that they meet.
 * @module
 */

export const NAMESPACES = ["case-a", "case-b", "case-c"] as const;
export const HOSTNAME = "kubernetes.io/hostname";
export const ZONE = "topology.kubernetes.io/zone";
export const REGION = "topology.kubernetes.io/region";
export const BETA_ZONE = "failure-domain.beta.kubernetes.io/zone";
export const RACK = "rack";
/** Keys that spread and affinity go by. */
export const TOPOLOGY_KEYS = [ZONE, HOSTNAME, RACK] as const;
/** Labels of pods, with their values. */
export const POD_LABELS = { app: ["a", "b"], tier: ["x", "y"], rev: ["1", "2"] } as const;
/** Labels of namespaces, with their values. */
export const NAMESPACE_LABELS = { team: ["red", "blue"], env: ["prod", "test"] } as const;
export const TAINT_KEYS = ["dedicated", "broken"] as const;
export const DRIVER = "disk.csi.example.com";
export const EXTENDED = "example.com/gpu";
/** When the first of the pods that run has started. */
export const FIRST_START = Date.UTC(2026, 0, 1);

/** A moment so many seconds after the first start. */
export function secondsLater(seconds: number): string {
  return new Date(FIRST_START + seconds * 1000).toISOString().replace(".000Z", "Z");
}
