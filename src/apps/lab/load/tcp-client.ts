import { connect, type Socket } from "node:net";
import type { LoadClient } from "./http-client.ts";
import type { RequestSink } from "./run-record.ts";
import type { Target, TargetList } from "./target-list.ts";

/** What a finished exchange of one line says: the answer's rest after `pong `, or why there is none. */
type Pong = { readonly servedBy: string } | { readonly reason: string };

interface UnderWay {
  readonly sinceMs: number;
  /** When it was sent last: later than `sinceMs` when a target refused. */
  sentMs: number;
  socket: Socket;
  target: Target;
}

/** A new connection per request: sends `ping`, expects `pong <site>/<name>`, closes. Refused connects go to the next target. */
export class TcpClient implements LoadClient {
  connections = 0;
  refusedConnects = 0;
  private readonly underWay = new Map<number, UnderWay>();
  private readonly targets: TargetList;
  private readonly sink: RequestSink;
  private readonly deadline: { readonly timeoutMs: number; readonly now: () => number };

  constructor(
    targets: TargetList,
    sink: RequestSink,
    deadline: { readonly timeoutMs: number; readonly now: () => number },
  ) {
    this.targets = targets;
    this.sink = sink;
    this.deadline = deadline;
  }

  request(row: number): void {
    this.attempt(row, []);
  }

  expire(): void {
    const before = this.deadline.now() - this.deadline.timeoutMs;
    for (const { sinceMs, socket } of this.underWay.values()) {
      if (sinceMs > before) return;
      socket.destroy(new TimedOut());
    }
  }

  close(): void {
    for (const { socket } of this.underWay.values()) socket.destroy();
  }

  private attempt(row: number, refused: readonly Target[]): void {
    const target = this.targets.next(() => false, refused);
    if (target === null) {
      this.lost(row, refused.length > 0 ? "ECONNREFUSED" : "no target", null);
      return;
    }
    this.connections += 1;
    const socket = ping(target, (pong) => {
      if ("reason" in pong && pong.reason === "ECONNREFUSED") {
        this.refusedConnects += 1;
        this.attempt(row, [...refused, target]);
        return;
      }
      if ("reason" in pong) {
        this.lost(row, pong.reason, target);
        return;
      }
      this.underWay.delete(row);
      this.sink.answered(row, pong.servedBy);
    });
    const known = this.underWay.get(row);
    const sentMs = this.deadline.now();
    if (known === undefined) this.underWay.set(row, { sinceMs: sentMs, sentMs, socket, target });
    else Object.assign(known, { sentMs, socket, target });
  }

  private lost(row: number, reason: string, target: Target | null): void {
    const sentMs = target === null ? undefined : this.underWay.get(row)?.sentMs;
    this.sink.lost(row, {
      reason,
      target: target?.address ?? null,
      body: "",
      ageMs: sentMs === undefined ? null : this.deadline.now() - sentMs,
      underWay: () => [...this.underWay.values()].filter((one) => one.target === target).length,
    });
    this.underWay.delete(row);
  }
}

class TimedOut extends Error {
  readonly code = "timeout";
}

/** One exchange of lines on a connection of its own; `settle` is called once. */
function ping(target: Target, settle: (pong: Pong) => void): Socket {
  const socket = connect({ host: target.host, port: target.port, noDelay: true });
  let text = "";
  let isSettled = false;
  const end = (pong: Pong): void => {
    if (isSettled) return;
    isSettled = true;
    settle(pong);
  };
  socket.setEncoding("latin1");
  socket.write("ping\n");
  socket.on("data", (chunk: string) => {
    text += chunk;
    if (!text.includes("\n")) return;
    end(text.startsWith("pong ") ? { servedBy: text.slice(5).trim() } : { reason: "not a pong" });
    // A plain close after the answer was read: no reset that would look like an error to the other side.
    socket.destroySoon();
  });
  socket.on("error", (error: NodeJS.ErrnoException) => end({ reason: error.code ?? error.message }));
  socket.on("close", () => end({ reason: "closed" }));
  return socket;
}
