/**
 * Envoy's admin interface on its Unix socket.
 * @module
 */
import { request } from "node:http";
import { z } from "zod";
import type { EnvoyHealthEvent } from "../../model/envoy-event.ts";
import { serviceOfCluster } from "../../model/cluster-name.ts";
import type { ServicePortKey } from "../../model/service-key.ts";
import { readBody } from "../http/read-body.ts";
import { endpointOfHost } from "./parse-event.ts";

/** Largest answer taken, in bytes: all clusters of thousands of services, from an Envoy that does not filter. */
const LARGEST_ANSWER = 256 * 1024 * 1024;

const ADMIN_TIMEOUT_MS = 5_000;

/** Asks the admin interface. Rejects on anything but 200, also when Envoy dies in the middle of its answer. */
export function askAdmin(socketPath: string, method: "GET" | "POST", path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const call = request(
      { socketPath, method, path, timeout: ADMIN_TIMEOUT_MS, headers: { host: "admin" } },
      (response) => {
        readBody(response, LARGEST_ANSWER).then((body) => {
          if (response.statusCode === 200) resolve(body);
          else
            reject(new Error(`Envoy answered ${response.statusCode ?? 0} to ${method} ${path}: ${body.slice(0, 200)}`));
        }, reject);
      },
    );
    call.on("timeout", () =>
      call.destroy(new Error(`Envoy's admin interface did not answer ${path} within ${ADMIN_TIMEOUT_MS} ms`)),
    );
    call.on("error", reject);
    call.end();
  });
}

/** `/clusters?format=json`, envoy.admin.v3.Clusters, as far as it is read. */
const Clusters = z.object({
  cluster_statuses: z
    .array(
      z.object({
        name: z.string(),
        host_statuses: z
          .array(
            z.object({
              address: z.object({
                socket_address: z.object({ address: z.string(), port_value: z.number() }).optional(),
                pipe: z.object({ path: z.string() }).optional(),
              }),
              health_status: z
                .object({
                  failed_active_health_check: z.boolean().optional(),
                  pending_active_hc: z.boolean().optional(),
                  failed_outlier_check: z.boolean().optional(),
                })
                .optional(),
            }),
          )
          .optional(),
      }),
    )
    .optional(),
});

/** How many ways to peers' gateways have not passed a check, or no longer do; each service checks each way. */
export async function countFailingHops(socketPath: string): Promise<number> {
  const clusters = Clusters.parse(
    JSON.parse(await askAdmin(socketPath, "GET", `/clusters?format=json&filter=${encodeURIComponent("^out/")}`)),
  );
  const hosts = (clusters.cluster_statuses ?? []).flatMap((cluster) => cluster.host_statuses ?? []);
  return hosts.filter(
    ({ address, health_status }) => address.pipe !== undefined && health_status?.failed_active_health_check === true,
  ).length;
}

/** Envoy's verdicts on the endpoints of some services now, as if each had just been decided. */
export async function readHealth(
  socketPath: string,
  services: readonly ServicePortKey[],
  now: number,
): Promise<EnvoyHealthEvent[]> {
  const names = services.map((service) => service.replaceAll(".", "\\.")).join("|");
  const filter = encodeURIComponent(`^(in|out|tier)/(${names})(/[^/]+)?$`);
  const body = await askAdmin(socketPath, "GET", `/clusters?format=json&filter=${filter}`);
  const clusters = Clusters.parse(JSON.parse(body));
  return (clusters.cluster_statuses ?? []).flatMap((cluster) => {
    const owner = serviceOfCluster(cluster.name);
    if (owner === undefined) return [];
    return (cluster.host_statuses ?? []).flatMap((host): EnvoyHealthEvent[] => {
      const endpoint = endpointOfHost(host.address);
      if (endpoint === undefined) return [];
      const common = { ...owner, endpoint, at: now };
      const status = host.health_status ?? {};
      const state =
        status.pending_active_hc === true
          ? "unknown"
          : status.failed_active_health_check === true
            ? "failing"
            : "passing";
      return [
        { ...common, kind: "check", state },
        { ...common, kind: "outlier", ejected: status.failed_outlier_check === true },
      ];
    });
  });
}
