/**
 * `/metrics`: what the agent knows, and what Envoy counted, in the Prometheus text format.
 * @module
 */
import { Counter, Gauge, type Histogram, Registry } from "prom-client";
import { z } from "zod";
import { askAdmin } from "../../adapters/envoy/admin-client.ts";
import type { AgentStatus } from "../../model/status.ts";

const Stats = z.object({ stats: z.array(z.object({ name: z.string().optional(), value: z.number().optional() })) });

/** What is read of Envoy's statistics, per service. */
const COUNTED = [
  {
    suffix: "upstream_rq_retry",
    metric: "tandem_requests_retried_total",
    help: "Requests that were sent again after a failed attempt.",
  },
  {
    suffix: "upstream_rq_retry_success",
    metric: "tandem_requests_saved_total",
    help: "Requests that failed at first and succeeded after a retry.",
  },
  {
    suffix: "upstream_rq_5xx",
    metric: "tandem_attempts_5xx_total",
    help: "Attempts that were answered with a 5xx status.",
  },
  {
    suffix: "upstream_rq_total",
    metric: "tandem_attempts_total",
    help: "Attempts sent to endpoints and peers' gateways.",
  },
] as const;

/** Requests of clients that ended in a 5xx status: those that could not be saved. */
const LOST = {
  metric: "tandem_requests_lost_total",
  help: "Requests of clients that were answered with a 5xx status after all retries.",
};

/** Writes the metrics. Envoy's part is left out while it does not answer. */
export async function writeMetrics(status: AgentStatus, programming: Histogram, adminSocket: string): Promise<string> {
  const registry = new Registry();
  registry.registerMetric(programming);
  addStatus(registry, status);
  const stats = await readStats(adminSocket).catch(() => undefined);
  if (stats !== undefined) addTraffic(registry, stats);
  return registry.metrics();
}

async function readStats(adminSocket: string): Promise<ReadonlyMap<string, number>> {
  const filter = "^(cluster\\.out/|http\\.client/).*(upstream_rq_(retry|retry_success|5xx|total)|downstream_rq_5xx)$";
  const body = await askAdmin(adminSocket, "GET", `/stats?format=json&filter=${encodeURIComponent(filter)}`);
  const { stats } = Stats.parse(JSON.parse(body));
  return new Map(
    stats.flatMap(({ name, value }) => (name === undefined || value === undefined ? [] : [[name, value] as const])),
  );
}

function addStatus(registry: Registry, status: AgentStatus): void {
  const gauge = (name: string, help: string, labelNames: string[]): Gauge =>
    new Gauge({ name, help, labelNames, registers: [registry] });
  const serving = gauge("tandem_serving", "1 for the site that serves a service, 0 for the others.", [
    "service",
    "site",
  ]);
  const since = gauge("tandem_serving_since_seconds", "Unix time since which the serving site serves.", ["service"]);
  const healthy = gauge("tandem_endpoints_healthy", "Endpoints, or gateways of a peer, that can take requests.", [
    "service",
    "site",
  ]);
  const condition = gauge("tandem_condition", "1 when a condition of a service is True.", [
    "service",
    "type",
    "reason",
  ]);
  const detection = gauge(
    "tandem_last_failover_detection_seconds",
    "From the first sign of trouble to the last failover.",
    ["service"],
  );
  for (const service of status.services) {
    for (const site of service.sites) {
      serving.set({ service: service.service, site: site.name }, site.name === service.servingSite ? 1 : 0);
      healthy.set({ service: service.service, site: site.name }, site.healthy);
    }
    if (service.servingSince !== undefined) since.set({ service: service.service }, service.servingSince / 1_000);
    for (const { type, reason, status: value } of service.conditions)
      condition.set({ service: service.service, type, reason }, value === "True" ? 1 : 0);
    const detectionMs = service.lastFailover?.detectionMs;
    if (detectionMs !== undefined) detection.set({ service: service.service }, detectionMs / 1_000);
  }
  const connected = gauge("tandem_peer_connected", "1 while a peer's catalog is received.", ["peer"]);
  for (const peer of status.peers) connected.set({ peer: peer.name }, peer.connected ? 1 : 0);
  gauge("tandem_envoy_ready", "1 when Envoy has acknowledged everything.", []).set(status.envoy === "ready" ? 1 : 0);
  gauge("tandem_problems", "Problems in manifests, and resources of the gateway itself that Envoy refused.", []).set(
    status.problems.length,
  );
  if (status.certificateEnds !== undefined)
    gauge("tandem_certificate_ends_seconds", "Unix time at which this gateway's certificate ends.", []).set(
      status.certificateEnds / 1_000,
    );
}

function addTraffic(registry: Registry, stats: ReadonlyMap<string, number>): void {
  for (const { suffix, metric, help } of COUNTED) {
    const counter = new Counter({ name: metric, help, labelNames: ["service"], registers: [registry] });
    addCounts(counter, stats, new RegExp(`^cluster\\.out/(.+)\\.${suffix}$`));
  }
  addCounts(
    new Counter({ name: LOST.metric, help: LOST.help, labelNames: ["service"], registers: [registry] }),
    stats,
    /^http\.client\/(.+)\.downstream_rq_5xx$/,
  );
}

function addCounts(counter: Counter, stats: ReadonlyMap<string, number>, name: RegExp): void {
  for (const [stat, value] of stats) {
    const service = name.exec(stat)?.[1];
    if (service !== undefined) counter.inc({ service }, value);
  }
}
