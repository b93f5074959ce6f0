/** What can happen in a simulation that is worth telling. */
export type TimelineEventKind =
  | "nodes lost"
  | "Node objects deleted"
  | "node not ready"
  | "pod out of the endpoints"
  | "NoSchedule taint"
  | "NoExecute taint"
  | "NoExecute taint removed"
  | "out-of-service taint"
  | "evictions of zone stopped"
  | "evictions of zone slowed"
  | "evictions of all zones stopped"
  | "node cordoned"
  | "node drained"
  | "eviction refused"
  | "eviction failed"
  | "pod evicted"
  | "pod collected"
  | "replacement created"
  | "replacement refused by quota"
  | "replacement placed"
  | "replacement ready"
  | "pod preempted"
  | "volume waits for detach"
  | "volume detached"
  | "node added"
  | "control plane lost";

/** All that happened of one kind. Times are milliseconds since the loss. */
export interface TimelineEvent {
  readonly kind: TimelineEventKind;
  readonly firstMs: number;
  readonly lastMs: number;
  readonly count: number;
  /** The first ones that it happened to, at most five. */
  readonly examples: readonly string[];
}

const MOST_EXAMPLES = 5;

/** Events by kind: of a zone with thousands of nodes nobody reads each. */
export class EventLog {
  readonly #events = new Map<
    TimelineEventKind,
    { firstMs: number; lastMs: number; count: number; examples: string[] }
  >();

  /** @param subject a node, a pod, a zone, a budget */
  add(kind: TimelineEventKind, atMs: number, subject: string): void {
    const event = this.#events.get(kind);
    if (event === undefined) {
      this.#events.set(kind, { firstMs: atMs, lastMs: atMs, count: 1, examples: [subject] });
      return;
    }
    event.lastMs = atMs;
    event.count += 1;
    if (event.examples.length < MOST_EXAMPLES && !event.examples.includes(subject)) event.examples.push(subject);
  }

  /** In the order in which they began. */
  events(): readonly TimelineEvent[] {
    return [...this.#events]
      .map(([kind, event]) => ({ kind, ...event }))
      .toSorted((one, other) => one.firstMs - other.firstMs);
  }
}
