/** Attempts that reached one process since it started. What `GET /counters` answers. */
export interface BackendCounters {
  readonly site: string;
  readonly name: string;
  readonly pid: number;
  /** HTTP requests per class of path: the service itself, the path that is always bad, the check. */
  readonly paths: Readonly<Record<PathClass, number>>;
  /** HTTP requests of the service (without checks) per method. */
  readonly methods: Readonly<Record<string, number>>;
  /** TCP connections accepted by the echo, checks included. */
  readonly tcpConnections: number;
  /** Lines that the TCP echo answered, checks included. */
  readonly tcpPings: number;
}

/** Which of the endpoint's paths a request asked for. */
export type PathClass = "service" | "bad" | "check";

/** Counts attempts; one instance per process. */
export class AttemptCounter {
  private readonly paths: Record<PathClass, number> = { service: 0, bad: 0, check: 0 };
  private readonly methods: Record<string, number> = {};
  tcpConnections = 0;
  tcpPings = 0;

  /** Counts one HTTP request. */
  countRequest(path: PathClass, method: string): void {
    this.paths[path] += 1;
    if (path !== "check") this.methods[method] = (this.methods[method] ?? 0) + 1;
  }

  /** A copy that later requests do not change. */
  snapshot(identity: { readonly site: string; readonly name: string; readonly pid: number }): BackendCounters {
    return {
      ...identity,
      paths: { ...this.paths },
      methods: { ...this.methods },
      tcpConnections: this.tcpConnections,
      tcpPings: this.tcpPings,
    };
  }
}

/** Which class a request's path (with or without a query) belongs to. */
export function classifyPath(url: string): PathClass {
  const path = url.split("?", 1)[0];
  if (path === "/healthz") return "check";
  return path === "/bad" ? "bad" : "service";
}
