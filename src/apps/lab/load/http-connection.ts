import { connect, type Socket } from "node:net";
import { HttpReply } from "./http-reply.ts";
import type { PreparedRequest } from "./http-request.ts";
import type { Target } from "./target-list.ts";

/** No request is under way on the connection. Warm-up rows are negative too, but never this one. */
export const noRow = Number.MIN_SAFE_INTEGER;

/** What a connection tells its pool. Each row given to {@link HttpConnection.send} ends in exactly one of the first three. */
export interface ConnectionEvents {
  readonly answered: (connection: HttpConnection, row: number, reply: HttpReply) => void;
  /** The connect was refused: nothing was sent. */
  readonly refused: (connection: HttpConnection, row: number) => void;
  readonly broken: (connection: HttpConnection, row: number, reason: string) => void;
  /** It can carry no further request. */
  readonly gone: (connection: HttpConnection) => void;
}

// One buffer for all: each read is handed over before the next one begins, and nothing keeps a reference into it.
const readBuffer = Buffer.allocUnsafeSlow(64 * 1024);

/** One keep-alive connection that carries one request at a time. */
export class HttpConnection {
  readonly target: Target;
  /** The row under way, or {@link noRow}. */
  row = noRow;
  private readonly socket: Socket;
  private readonly reply = new HttpReply();
  private readonly events: ConnectionEvents;
  private isOpen = false;
  private isGone = false;

  constructor(target: Target, events: ConnectionEvents) {
    this.target = target;
    this.events = events;
    const callback = (length: number): boolean => {
      this.read(length);
      return true;
    };
    this.socket = connect({
      host: target.host,
      port: target.port,
      noDelay: true,
      onread: { buffer: readBuffer, callback },
    });
    this.socket.once("connect", () => {
      this.isOpen = true;
    });
    this.socket.on("error", (error: NodeJS.ErrnoException) => this.end(error.code ?? error.message));
    this.socket.on("end", () => this.end("closed"));
    this.socket.on("close", () => this.end("closed"));
  }

  /** Whether another request may be sent now. */
  get isIdle(): boolean {
    return !this.isGone && this.row === noRow;
  }

  /** Sends a request; before the connect is through, the socket keeps its bytes. */
  send(row: number, request: PreparedRequest): void {
    this.row = row;
    this.reply.begin(request.isHead);
    this.socket.write(request.bytes);
  }

  /** Gives the connection up; a row under way is reported as broken for `reason`. */
  abandon(reason: string): void {
    this.end(reason);
  }

  private read(length: number): void {
    if (this.row === noRow) {
      this.end("answer without a request");
      return;
    }
    try {
      if (this.reply.push(readBuffer, length)) this.complete();
    } catch (error) {
      this.end(error instanceof Error ? error.message : String(error));
    }
  }

  private complete(): void {
    const { row } = this;
    this.row = noRow;
    // Gone before it is reported, so that the pool cannot hand it out again.
    if (!this.reply.keepsAlive) this.end("closed");
    this.events.answered(this, row, this.reply);
  }

  private end(reason: string): void {
    if (this.isGone) return;
    this.isGone = true;
    this.socket.destroy();
    this.events.gone(this);
    const { row } = this;
    if (row === noRow) return;
    this.row = noRow;
    if (!this.isOpen && reason === "ECONNREFUSED") this.events.refused(this, row);
    else if (reason === "closed" && this.reply.finishAtEnd()) this.events.answered(this, row, this.reply);
    else this.events.broken(this, row, reason);
  }
}
