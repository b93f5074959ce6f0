import { connect, type Socket } from "node:net";

/** Ten times a second for each gateway: what an HTTP client of the platform would do besides costs more than this does. */
const QUESTION = "GET /ready HTTP/1.1\r\nhost: gateway\r\n\r\n";

/** Connections on which nobody waits for an answer, by `address port`. */
const idle = new Map<string, { readonly socket: Socket; readonly forget: () => void }>();

/**
 * Whether a gateway answers at its ready listener, and says that it may get new connections. A connection that was
 * answered is kept for the next question: with a node that is gone it is as silent as a new one, and whoever ends a gateway
 * ends it too.
 */
export function isGatewayReady(address: string, port: number, timeoutMs: number): Promise<boolean> {
  const key = `${address} ${port}`;
  // An error of a connection that nobody hears any more is of no interest.
  const socket = take(key) ?? connect({ host: address, port }).on("error", () => {});
  return new Promise((resolve) => {
    const timer = setTimeout(() => end(false), timeoutMs);
    const forget = hear(socket, {
      said: (answer) => {
        const ready = answer.startsWith("HTTP/1.1 200 ");
        end(ready, { keep: ready && isWhole(answer) });
      },
      ended: () => end(false),
    });
    const end = (ready: boolean, how = { keep: false }): void => {
      clearTimeout(timer);
      forget();
      if (how.keep && !idle.has(key)) keep(key, socket);
      else socket.destroy();
      resolve(ready);
    };
    socket.write(QUESTION);
  });
}

/** Nothing more comes after it: what is left of one answer must not be taken for the next one. */
function isWhole(answer: string): boolean {
  const headEnds = answer.indexOf("\r\n\r\n");
  const length = /\r\ncontent-length: *(\d+)\r\n/i.exec(answer)?.[1];
  return headEnds >= 0 && length !== undefined && answer.length === headEnds + 4 + Number(length);
}

function keep(key: string, socket: Socket): void {
  // Nobody waits for it: it must keep no process from ending.
  socket.unref();
  const end = (): void => {
    forget();
    idle.delete(key);
    socket.destroy();
  };
  const forget = hear(socket, { said: end, ended: end });
  idle.set(key, { socket, forget });
}

function take(key: string): Socket | undefined {
  const kept = idle.get(key);
  if (kept === undefined) return undefined;
  idle.delete(key);
  kept.forget();
  return kept.socket.ref();
}

interface Hearing {
  readonly said: (text: string) => void;
  /** Also half: a gateway that says no more answers no more. */
  readonly ended: () => void;
}

/** Returns how to hear no more. */
function hear(socket: Socket, { said, ended }: Hearing): () => void {
  const take = (data: Buffer): void => said(data.toString("latin1"));
  const ends = ["end", "error", "close"] as const;
  socket.on("data", take);
  for (const event of ends) socket.on(event, ended);
  return () => {
    socket.off("data", take);
    for (const event of ends) socket.off(event, ended);
  };
}

/** Whether somebody takes connections at an address. */
export function takesConnections(address: string, port: number, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port, timeout: timeoutMs });
    const end = (taken: boolean) => (): void => {
      socket.destroy();
      resolve(taken);
    };
    socket.on("connect", end(true));
    socket.on("timeout", end(false));
    socket.on("error", end(false));
  });
}
