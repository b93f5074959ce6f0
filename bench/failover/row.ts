import type { ServiceCheck } from "../contenders/contender.ts";
import type { BackendFault } from "../rig/kubernetes.ts";
import type { SiteName } from "../rig/topology.ts";
import type { Workload } from "../rig/load.ts";

/** One thing that goes wrong. Times in ms from the start of the measured window. */
export type FaultStep =
  /** All backends of these sites. */
  | {
      readonly atMs: number;
      readonly breaks: "backends";
      readonly sites: readonly SiteName[];
      readonly fault: BackendFault;
    }
  /** One gateway; the other one goes on. */
  | { readonly atMs: number; readonly breaks: "localGateway" | "peerGateway"; readonly fault: "crash" | "hang" }
  /** Every agent of that side. */
  | { readonly atMs: number; readonly breaks: "localAgents" | "peerAgents"; readonly fault: "crash" };

/** One row of the comparison: what clients send, and what goes wrong meanwhile. */
export interface Row {
  /** Short and stable: what `--rows` takes. */
  readonly id: string;
  /** What a person reads. */
  readonly title: string;
  readonly group: "GET" | "both sites, GET" | "POST" | "TCP";
  readonly workload: Workload;
  readonly check: ServiceCheck;
  readonly steps: readonly FaultStep[];
}

/** When the fault comes, and when a second one follows it, in ms. */
export const faultMs = 3000;
export const secondFaultMs = 5000;
