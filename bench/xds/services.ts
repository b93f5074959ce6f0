/**
 * A thousand services as manifests, a file for each Service's endpoints.
 * @module
 */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { replaceFile } from "../../src/adapters/state/write-file.ts";
import { ENDPOINT_PORTS, type LabSite } from "../../src/apps/lab/network/layout.ts";

/** Ports on which clients reach the services, one each, from here on. */
const firstPort = 20_000;
/** Slower than usual, so that the checks of 4,000 clusters are no load. */
const checkInterval = "30s";

/** Writes `count` services into a site's directory; all have the same three endpoints. */
export async function writeServices(site: LabSite, sites: readonly LabSite[], count: number): Promise<void> {
  const names = Array.from({ length: count }, (_, index) => nameOf(index));
  for (const name of names) await writeFile(fileOf(site, name), endpointsOf(site, name, true));
  const documents = names.flatMap((name, index) => [service(name, firstPort + index), policy(name, sites)]);
  await writeFile(join(site.manifests, "many.yaml"), documents.map((one) => JSON.stringify(one)).join("\n---\n"));
}

/** Name of the service with this number. */
export function nameOf(index: number): string {
  return `many-${index}`;
}

/** Replaces a service's endpoints; the last one is ready or not. */
export function replaceEndpoints(site: LabSite, name: string, lastReady: boolean): Promise<void> {
  return replaceFile(fileOf(site, name), endpointsOf(site, name, lastReady), 0o644);
}

function fileOf(site: LabSite, name: string): string {
  return join(site.manifests, `${name}.json`);
}

function endpointsOf(site: LabSite, name: string, lastReady: boolean): string {
  const last = site.endpoints.length - 1;
  return JSON.stringify({
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { name: `${name}-1`, namespace: "many", labels: { "kubernetes.io/service-name": name } },
    addressType: "IPv4",
    ports: [{ name: "http", port: ENDPOINT_PORTS.http }],
    endpoints: site.endpoints.map(({ address }, index) => ({
      addresses: [address],
      conditions: { ready: index < last || lastReady },
    })),
  });
}

function service(name: string, port: number): object {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, namespace: "many", annotations: { "tandem.dev/listen": `${port}` } },
    spec: { ports: [{ name: "http", port: 80, appProtocol: "http" }] },
  };
}

function policy(name: string, sites: readonly LabSite[]): object {
  return {
    apiVersion: "tandem.dev/v1alpha1",
    kind: "FailoverPolicy",
    metadata: { name, namespace: "many" },
    spec: {
      targetRefs: [{ kind: "Service", name }],
      sites: sites.map((site) => ({ name: site.name })),
      healthCheck: { http: { path: "/healthz" }, interval: checkInterval },
    },
  };
}
