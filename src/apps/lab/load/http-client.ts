import { type ConnectionEvents, HttpConnection } from "./http-connection.ts";
import type { HttpReply } from "./http-reply.ts";
import type { RequestMix } from "./http-request.ts";
import type { RequestSink } from "./run-record.ts";
import type { Target, TargetList } from "./target-list.ts";

/** Sends requests and reports each to a {@link RequestSink} exactly once. */
export interface LoadClient {
  /** Starts the request of `row`; never waits. */
  readonly request: (row: number) => void;
  /** Gives up the oldest requests that are older than the time-out. */
  readonly expire: () => void;
  /** Ends every connection; requests under way are not reported. */
  readonly close: () => void;
  readonly connections: number;
  readonly refusedConnects: number;
}

const none: readonly Target[] = [];

interface UnderWay {
  readonly sinceMs: number;
  /** When it was sent last: later than `sinceMs` when a target refused. */
  sentMs: number;
  connection: HttpConnection;
}

/**
 * HTTP/1.1 with a pool of keep-alive connections per target, last used first. A request goes to another target only if
 * the connect was refused, that is, if nothing was sent.
 */
export class HttpClient implements LoadClient {
  connections = 0;
  refusedConnects = 0;
  private readonly idle = new Map<Target, HttpConnection[]>();
  /** In the order of sending: all have the same time-out, so the first is always the first to expire. */
  private readonly underWay = new Map<number, UnderWay>();
  private readonly refusedBy = new Map<number, Target[]>();
  private readonly events: ConnectionEvents;
  private readonly targets: TargetList;
  private readonly mix: RequestMix;
  private readonly sink: RequestSink;
  private readonly deadline: { readonly timeoutMs: number; readonly now: () => number };

  constructor(
    targets: TargetList,
    mix: RequestMix,
    sink: RequestSink,
    deadline: { readonly timeoutMs: number; readonly now: () => number },
  ) {
    this.targets = targets;
    this.mix = mix;
    this.sink = sink;
    this.deadline = deadline;
    this.events = {
      answered: (connection, row, reply) => this.answered(connection, row, reply),
      refused: (connection, row) => this.refused(connection.target, row),
      broken: (connection, row, reason) => this.lost(row, reason, connection.target.address),
      gone: (connection) => this.forget(connection),
    };
  }

  request(row: number): void {
    const refused = this.refusedBy.get(row) ?? none;
    const target = this.targets.next((candidate) => this.idleOf(candidate).length > 0, refused);
    if (target === null) {
      this.lost(row, refused.length > 0 ? "ECONNREFUSED" : "no target", null);
      return;
    }
    const connection = this.idleOf(target).pop() ?? this.open(target);
    const known = this.underWay.get(row);
    // Setting an existing key keeps its place, and with it the order by age.
    const sentMs = this.deadline.now();
    if (known === undefined) this.underWay.set(row, { sinceMs: sentMs, sentMs, connection });
    else Object.assign(known, { sentMs, connection });
    connection.send(row, this.mix.of(row));
  }

  expire(): void {
    const before = this.deadline.now() - this.deadline.timeoutMs;
    for (const { sinceMs, connection } of this.underWay.values()) {
      if (sinceMs > before) return;
      connection.abandon("timeout");
    }
  }

  close(): void {
    const open = [...this.idle.values()].flat();
    const busy = [...this.underWay.values()].map(({ connection }) => connection);
    for (const connection of [...open, ...busy]) connection.abandon("stopped");
  }

  private open(target: Target): HttpConnection {
    this.connections += 1;
    return new HttpConnection(target, this.events);
  }

  private answered(connection: HttpConnection, row: number, reply: HttpReply): void {
    if (connection.isIdle) this.idleOf(connection.target).push(connection);
    if (reply.status < 200 || reply.status >= 400) {
      this.lost(row, `status ${reply.status}`, connection.target.address, reply.bodyStart);
      return;
    }
    this.settle(row);
    this.sink.answered(row, reply.servedBy);
  }

  private refused(target: Target, row: number): void {
    this.refusedConnects += 1;
    const refusedBy = this.refusedBy.get(row);
    if (refusedBy === undefined) this.refusedBy.set(row, [target]);
    else refusedBy.push(target);
    this.request(row);
  }

  private lost(row: number, reason: string, target: string | null, body = ""): void {
    const sentMs = target === null ? undefined : this.underWay.get(row)?.sentMs;
    this.sink.lost(row, {
      reason,
      target,
      body,
      ageMs: sentMs === undefined ? null : this.deadline.now() - sentMs,
      underWay: () => this.underWayAt(target),
    });
    this.settle(row);
  }

  private underWayAt(target: string | null): number {
    return [...this.underWay.values()].filter(({ connection }) => connection.target.address === target).length;
  }

  private settle(row: number): void {
    this.underWay.delete(row);
    this.refusedBy.delete(row);
  }

  private forget(connection: HttpConnection): void {
    const idle = this.idleOf(connection.target);
    const place = idle.indexOf(connection);
    if (place >= 0) idle.splice(place, 1);
  }

  private idleOf(target: Target): HttpConnection[] {
    const known = this.idle.get(target);
    if (known !== undefined) return known;
    const fresh: HttpConnection[] = [];
    this.idle.set(target, fresh);
    return fresh;
  }
}
