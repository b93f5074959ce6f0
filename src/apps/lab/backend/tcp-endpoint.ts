import { createServer, type Server, type Socket } from "node:net";
import { treat } from "./fault.ts";
import type { Endpoint } from "./http-endpoint.ts";

/** Longest line that the echo keeps while it waits for its end, in bytes. */
const maxLineLength = 64 * 1024;

/**
 * A line server that is not listening yet: `ping` is answered by `pong <site>/<name>`, any other line by itself.
 * A peer that has sent its FIN still gets the answers it waits for.
 */
export function createTcpEndpoint(endpoint: Endpoint): Server {
  let pings = 0;
  const nextPing = (): number => pings++;
  return createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    endpoint.counter.tcpConnections += 1;
    socket.on("error", () => socket.destroy());
    if (endpoint.fault().kind === "reset") {
      socket.resetAndDestroy();
      return;
    }
    echoLines(endpoint, socket, nextPing);
  });
}

function echoLines(endpoint: Endpoint, socket: Socket, nextPing: () => number): void {
  let rest = "";
  let unanswered = 0;
  let ended = false;
  const finish = (): void => {
    if (ended && unanswered === 0) socket.end();
  };
  const reply = (line: string): void => {
    const treatment = treat(endpoint.fault(), { isCheck: false, ordinal: nextPing() }, 0, Math.random());
    endpoint.counter.tcpPings += 1;
    if (treatment.do === "reset") {
      socket.resetAndDestroy();
      return;
    }
    const text = line === "ping" ? `pong ${endpoint.site}/${endpoint.name}\n` : `${line}\n`;
    const write = (): void => {
      unanswered -= 1;
      if (socket.writable) socket.write(text);
      finish();
    };
    unanswered += 1;
    // Even a timer of 0 ms costs a whole one.
    if (treatment.delayMs === 0) write();
    else setTimeout(write, treatment.delayMs);
  };
  socket.setEncoding("utf8");
  socket.on("data", (chunk: string) => {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    if (rest.length > maxLineLength) socket.destroy();
    for (const line of lines) reply(line);
  });
  socket.on("end", () => {
    ended = true;
    finish();
  });
}
