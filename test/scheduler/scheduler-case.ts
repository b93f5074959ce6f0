/**
 * A cluster and pods that a scheduler is asked about: the same for the model and for a real kube-scheduler.
 * @module
 */

/** An object as it is posted to an API server. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    /** Of a pod: it is being deleted, and something still holds it. */
    readonly deletionTimestamp?: string;
  };
  readonly spec?: unknown;
  readonly status?: unknown;
  readonly [field: string]: unknown;
}

/**
 * What is asked. `probe`: where each of the pods could run, none is placed. `place`: the same one after the other, each is
 * placed on a node that the seed draws. `preempt`: which pods would have to go for the only one.
 */
export type CaseMode = "probe" | "place" | "preempt";

/** One case. */
export interface SchedulerCase {
  readonly mode: CaseMode;
  readonly seed: number;
  /** In an order in which they can be made. Pods among them are on nodes, or nominated to one. */
  readonly objects: readonly Manifest[];
  /** The pods that are asked about, in this order. */
  readonly pending: readonly Manifest[];
}

/** What is said of one pod. */
export interface Answer {
  /** `<namespace>/<name>`. */
  readonly pod: string;
  /** Names of the nodes that pass all filters, sorted. */
  readonly feasible: readonly string[];
  /** Those of them with the highest score; which one it becomes is chance. */
  readonly best: readonly string[];
  /** How many nodes were rejected for each reason, in kube-scheduler's words; a node may have several. */
  readonly reasons: Readonly<Record<string, number>>;
  /** Why no node was looked at. */
  readonly refusal?: string;
  /** Mode `place`: where it went; absent where it fits nowhere. */
  readonly placedOn?: string;
  /** Mode `preempt`: what may happen; exactly one of these, none when it is empty. */
  readonly preemptions?: readonly PossiblePreemption[];
}

/** Room that is made on a node. */
export interface PossiblePreemption {
  readonly node: string;
  /** `<namespace>/<name>`, sorted. */
  readonly victims: readonly string[];
}

/** The node on which the seed places the pod of this index, of those that pass; they are sorted. */
export function drawNode(seed: number, index: number, feasible: readonly string[]): string | undefined {
  return feasible[(Math.imul(seed ^ (index * 0x9e3779b1), 0x85ebca6b) >>> 8) % feasible.length];
}
