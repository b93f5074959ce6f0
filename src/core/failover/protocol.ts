import type { FailoverPolicy } from "../../model/kinds/index.ts";

/** How a service port is spoken to, and why Tandem thinks so. */
export interface ProtocolChoice {
  readonly protocol: "http" | "tcp";
  /** Its endpoints speak HTTP/2 without TLS, so the check has to as well. */
  readonly http2: boolean;
  /** True when nothing said it and TCP is the cautious answer: the condition reason `ProtocolAssumed`. */
  readonly assumed: boolean;
}

const HTTP1 = new Set(["http", "http/1.1", "kubernetes.io/ws"]);
const HTTP2 = new Set(["http2", "h2c", "grpc", "kubernetes.io/h2c"]);

/**
 * The protocol of a port: its `appProtocol`, else HTTP when the policy checks it over HTTP, else TCP.
 * `https` is TCP: Tandem does not take TLS apart.
 */
export function chooseProtocol(
  appProtocol: string | undefined,
  check: FailoverPolicy["spec"]["healthCheck"],
): ProtocolChoice {
  const named = appProtocol?.toLowerCase();
  if (named !== undefined && HTTP1.has(named)) return { protocol: "http", http2: false, assumed: false };
  if (named !== undefined && HTTP2.has(named)) return { protocol: "http", http2: true, assumed: false };
  if (named !== undefined) return { protocol: "tcp", http2: false, assumed: false };
  if (check?.http !== undefined) return { protocol: "http", http2: false, assumed: false };
  return { protocol: "tcp", http2: false, assumed: true };
}
