import type { HealthCheck } from "../../model/kinds/index.ts";
import type { ClusterPod, ReadinessProbe } from "../../model/takeover.ts";

type Container = ClusterPod["spec"]["containers"][number];

/**
 * The check that pods' readiness probes come to, of the first pod that has one: by HTTP or a TCP connect. Undefined where
 * kubelets ask in a way that gateways do not have (HTTPS, gRPC, a command).
 */
export function readinessCheck(pods: readonly ClusterPod[]): HealthCheck | undefined {
  for (const { spec } of pods)
    for (const container of spec.containers) {
      const check = checkOf(container, container.readinessProbe ?? {});
      if (check !== undefined) return check;
    }
  return undefined;
}

function checkOf(container: Container, probe: ReadinessProbe): HealthCheck | undefined {
  const [httpGet, tcpSocket] = [probe.httpGet ?? undefined, probe.tcpSocket ?? undefined];
  if (httpGet !== undefined && (httpGet.scheme ?? "HTTP") === "HTTP") {
    const port = portOf(container, httpGet.port);
    const host = (httpGet.httpHeaders ?? []).find(({ name }) => name.toLowerCase() === "host")?.value;
    const path = httpGet.path === undefined || httpGet.path === "" ? "/" : httpGet.path;
    return port === undefined
      ? undefined
      : { http: { path, port, ...(host === undefined ? {} : { host }) }, unhealthyThreshold: 2, healthyThreshold: 1 };
  }
  const port = tcpSocket === undefined ? undefined : portOf(container, tcpSocket.port);
  return port === undefined ? undefined : { tcp: { port }, unhealthyThreshold: 2, healthyThreshold: 1 };
}

/** Probes may name a port of their container. */
function portOf({ ports }: Container, port: number | string): number | undefined {
  if (typeof port === "number") return port;
  return (ports ?? []).find(({ name }) => name === port)?.containerPort;
}
