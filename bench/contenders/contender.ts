/**
 * What is compared: one interface for every way to reach the service.
 * @module
 */
import type { LoadTarget } from "../../src/apps/lab/load/options.ts";
import type { ProcessGroup } from "../rig/process-group.ts";
import type { ReadyEndpoints } from "../rig/kubernetes.ts";
import type { Topology } from "../rig/topology.ts";

/** How the service's health is checked, by those contenders that check it. */
export type ServiceCheck = "http" | "tcp-connect" | "tcp-send-receive";

/** What a contender is given for one run. The six backends are listening already. */
export interface ContenderSetup {
  readonly topology: Topology;
  readonly protocol: "http" | "tcp";
  /** `http`: GET /healthz on the HTTP port; `tcp-send-receive`: `ping` is answered by `pong` on the TCP port. */
  readonly check: ServiceCheck;
  /** An empty directory of its own with a short path, removed after the run. */
  readonly directory: string;
  /** Starts children that end with the run. Whatever else must be ended is told to its `onEnd`, best before it starts. */
  readonly processes: ProcessGroup;
}

/** One process that a row can break. */
export interface Part {
  readonly name: string;
  /** SIGKILL. */
  readonly crash: () => Promise<void>;
  /** SIGSTOP: connections are accepted by the kernel, nothing answers. */
  readonly hang: () => Promise<void>;
}

/** A contender that serves. Parts that it does not have are empty lists: rows that break such a part are n/a. */
export interface RunningContender {
  /** What clients in west connect to. */
  readonly targets: readonly LoadTarget[];
  /** Gateways in the order of their addresses in the topology, and agents. */
  readonly localGateways: readonly Part[];
  readonly peerGateways: readonly Part[];
  readonly localAgents: readonly Part[];
  readonly peerAgents: readonly Part[];
  /**
   * Kubernetes changed its lists of ready endpoints: these are all that are left. Resolves with what clients connect to
   * from now on. A contender that learns of endpoints in its own way may ignore the lists.
   */
  readonly publishEndpoints: (ready: ReadyEndpoints) => Promise<readonly LoadTarget[]>;
}

/** One column of the comparison. */
export interface Contender {
  /** Short and stable: it names the column and is what `--contenders` takes. */
  readonly name: string;
  /** One sentence for the results: what it is and how it is configured. */
  readonly description: string;
  /** False: rows with this protocol are n/a. */
  readonly supports: (protocol: "http" | "tcp") => boolean;
  /** Resolves when the service can be reached through every target. */
  readonly start: (setup: ContenderSetup) => Promise<RunningContender>;
}
