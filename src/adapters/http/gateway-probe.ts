import { connect } from "node:net";

/** Ten times a second for each gateway: what an HTTP client of the platform would do besides costs more than this does. */
const QUESTION = "GET /ready HTTP/1.1\r\nhost: gateway\r\nconnection: close\r\n\r\n";

/** Whether a gateway answers at its ready listener, and says that it may get new connections. */
export function isGatewayReady(address: string, port: number, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port, timeout: timeoutMs });
    const end = (ready: boolean): void => {
      socket.destroy();
      resolve(ready);
    };
    socket.on("connect", () => socket.write(QUESTION));
    socket.on("data", (answer) => end(answer.toString("latin1").startsWith("HTTP/1.1 200 ")));
    socket.on("timeout", () => end(false));
    socket.on("error", () => end(false));
    socket.on("close", () => end(false));
  });
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
