import { connect, type Socket } from "node:net";

/** Ten times a second for each gateway: what an HTTP client of the platform would do besides costs more than this does. */
const QUESTION = "GET /ready HTTP/1.1\r\nhost: gateway\r\n\r\n";

/** Connections on which nobody waits for an answer, by `address port`. */
const idle = new Map<string, Socket>();

/**
 * Whether a gateway answers at its ready listener, and says that it may get new connections. A connection that was
 * answered is kept for the next question: with a node that is gone it is as silent as a new one, and whoever ends a gateway
 * ends it too.
 */
export function isGatewayReady(address: string, port: number, timeoutMs: number): Promise<boolean> {
  const key = `${address} ${port}`;
  const kept = idle.get(key);
  idle.delete(key);
  const socket = kept ?? connect({ host: address, port });
  socket.ref();
  return new Promise((resolve) => {
    const timer = setTimeout(() => end(false), timeoutMs);
    const end = (ready: boolean): void => {
      clearTimeout(timer);
      socket.removeAllListeners();
      // What comes after the answer is nobody's business any more.
      socket.on("error", () => {});
      if (ready && !idle.has(key)) keep(key, socket);
      else socket.destroy();
      resolve(ready);
    };
    socket.on("data", (answer) => end(isReady(answer)));
    socket.on("error", () => end(false));
    socket.on("close", () => end(false));
    socket.write(QUESTION);
  });
}

/** A ready listener's answer has no body, and fits into one segment. */
function isReady(answer: Buffer): boolean {
  return answer.toString("latin1").startsWith("HTTP/1.1 200 ");
}

function keep(key: string, socket: Socket): void {
  idle.set(key, socket);
  // Nobody waits for it: it must keep no process from ending.
  socket.unref();
  const forget = (): void => {
    if (idle.get(key) === socket) idle.delete(key);
    socket.destroy();
  };
  for (const event of ["close", "end", "data"]) socket.on(event, forget);
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
