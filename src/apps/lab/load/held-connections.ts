import { connect, type Socket } from "node:net";
import type { BrokenLine, HeldSummary } from "./lines.ts";
import type { TargetList } from "./target-list.ts";

/** Time between two pings on a long-lived connection, and before a broken one is opened again, in ms. */
const pingEveryMs = 1000;
const reopenAfterMs = 100;

/** Long-lived TCP connections that are opened again when the other side ends them; each end is reported. */
export class HeldConnections {
  private opened = 0;
  private broken = 0;
  private pongs = 0;
  private isClosed = false;
  private readonly sockets = new Set<Socket>();
  private readonly targets: TargetList;
  private readonly now: () => number;
  private readonly report: (line: BrokenLine) => void;

  constructor(targets: TargetList, now: () => number, report: (line: BrokenLine) => void) {
    this.targets = targets;
    this.now = now;
    this.report = report;
  }

  /** Opens `count` connections. */
  open(count: number): void {
    for (let index = 0; index < count; index += 1) this.openOne();
  }

  /** Ends all of them; nothing is reported any more. */
  close(): void {
    this.isClosed = true;
    for (const socket of this.sockets) socket.destroy();
  }

  /** What became of them so far. */
  summarize(): HeldSummary {
    return { opened: this.opened, broken: this.broken, pongs: this.pongs };
  }

  private openOne(): void {
    const target = this.targets.next(() => false, []);
    if (this.isClosed) return;
    if (target === null) {
      setTimeout(() => this.openOne(), reopenAfterMs);
      return;
    }
    this.opened += 1;
    const socket = connect({ host: target.host, port: target.port, noDelay: true });
    let reason = "closed";
    const timer = setInterval(() => socket.write("ping\n"), pingEveryMs);
    socket.write("ping\n");
    socket.on("data", () => {
      this.pongs += 1;
    });
    socket.on("error", (error: NodeJS.ErrnoException) => {
      reason = error.code ?? error.message;
    });
    socket.on("close", () => {
      clearInterval(timer);
      this.sockets.delete(socket);
      if (this.isClosed) return;
      this.broken += 1;
      this.report({ type: "broken", atMs: this.now(), target: target.address, reason });
      setTimeout(() => this.openOne(), reopenAfterMs);
    });
    this.sockets.add(socket);
  }
}
