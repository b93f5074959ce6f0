/**
 * Both ends of one TCP connection, and what each of them notices.
 * @module
 */
import { connect, type Socket } from "node:net";
import type { Place } from "./http-exchange.ts";
import type { ReflectingEndpoint } from "./reflecting-endpoint.ts";

/** One end of a connection: it keeps what comes in and how the other side stopped. */
export class TcpEnd {
  readonly socket: Socket;
  /** How the other side stopped sending. */
  readonly stopped: Promise<"ended" | "reset">;
  #received = Buffer.alloc(0);
  #onData: () => void = () => {};

  constructor(socket: Socket) {
    this.socket = socket;
    this.stopped = new Promise((resolve) => {
      socket.once("end", () => resolve("ended"));
      socket.once("error", () => resolve("reset"));
    });
    socket.on("data", (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk]);
      this.#onData();
    });
  }

  /** Everything that has come so far. */
  get received(): string {
    return this.#received.toString("latin1");
  }

  /** Sends text, one byte a character. */
  say(text: string): void {
    this.socket.write(text, "latin1");
  }

  /** Waits until this has come, wherever in what was received. Rejects when the other side stops first. */
  async hear(text: string): Promise<void> {
    const heard = new Promise<void>((resolve) => {
      this.#onData = () => {
        if (this.received.includes(text)) resolve();
      };
      this.#onData();
    });
    const early = this.stopped.then((how) => {
      if (!this.received.includes(text)) throw new Error(`${how} before ${JSON.stringify(text)} came`);
    });
    await Promise.race([heard, early]);
  }
}

/** Connects a client; it ends its own side only when it is told to. */
export function connectClient({ host, port, localAddress }: Place): TcpEnd {
  return new TcpEnd(connect({ host, port, localAddress, allowHalfOpen: true }));
}

/** Has a client and the endpoint talk over a new connection, and closes it. */
export async function converse<T>(
  place: Place,
  endpoint: ReflectingEndpoint,
  talk: (client: TcpEnd, server: TcpEnd) => Promise<T>,
): Promise<T> {
  const [client, socket] = await endpoint.pair(() => connectClient(place));
  const server = new TcpEnd(socket);
  try {
    return await talk(client, server);
  } finally {
    client.socket.destroy();
    server.socket.destroy();
  }
}
