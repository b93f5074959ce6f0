/**
 * Thousands of Services with their pods, of which some are protected.
 * @module
 */
import { once } from "node:events";
import { setImmediate as turn } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Json, JsonObject } from "../../test/kube/api/json.ts";
import type { SimulatedCluster } from "../../test/kube/simulated-cluster.ts";
import type { RunScope } from "../rig/process-group.ts";

/** How many of what. */
export interface Scale {
  readonly services: number;
  readonly podsEach: number;
  /** Of the Services. Half of them in Gateway mode, half in Direct mode. */
  readonly protected: number;
}

const backend = fileURLToPath(new URL("../../dist/apps/lab/backend/main.js", import.meta.url));

/** Where pods of these Services listen, whatever their address. */
const podPort = 8090;

const servicesPerNamespace = 50;
const addressesPerNetwork = 250;
/** Objects that are made before others have their turn. */
const batch = 200;
/** Slow, so that the checks leave the machine's processors to what is measured; they are Envoy's and not the agent's. */
const checkInterval = "10s";

/** A Service of the many. */
export interface ServicePlace {
  readonly index: number;
  readonly namespace: string;
  readonly name: string;
}

/** Namespaces that they need. */
export function namespacesOf({ services }: Scale): readonly string[] {
  return Array.from({ length: Math.ceil(services / servicesPerNamespace) }, (_, index) => `team-${index}`);
}

/** The Service with this number. */
export function placeOf(index: number): ServicePlace {
  return { index, namespace: `team-${Math.floor(index / servicesPerNamespace)}`, name: `many-${index}` };
}

/** Those that are protected: spread evenly. */
export function protectedPlaces({ services, protected: count }: Scale): readonly ServicePlace[] {
  return Array.from({ length: count }, (_, number) => placeOf(Math.floor((number * services) / count)));
}

/** The mode of one of them. */
export function modeOf(place: ServicePlace, scale: Scale): "Gateway" | "Direct" {
  return protectedPlaces(scale).findIndex(({ index }) => index === place.index) % 2 === 0 ? "Gateway" : "Direct";
}

/** The addresses of a cluster's pods: the first two numbers of all, and the third of the first one. */
export interface PodPlace {
  readonly prefix: string;
  readonly network: number;
}

/** The address of the pod with this number. */
export function addressOf(number: number, { prefix, network }: PodPlace): string {
  return `${prefix}.${network + Math.floor(number / addressesPerNetwork)}.${1 + (number % addressesPerNetwork)}`;
}

/** Makes Services and their pods; pods first, so that each Service's slices are made once. */
export async function seedServices(
  cluster: SimulatedCluster,
  places: readonly ServicePlace[],
  at: PodPlace & { readonly podsEach: number },
): Promise<void> {
  const { podsEach } = at;
  const pods = places.flatMap((place, number) =>
    Array.from({ length: podsEach }, (_, pod) => ({ place, pod, address: addressOf(number * podsEach + pod, at) })),
  );
  for (const [number, { place, pod, address }] of pods.entries()) {
    cluster.seed("/pods", podOf(place, { pod, address, ready: true }), place.namespace);
    if (number % batch === 0) await turn();
  }
  for (const [number, place] of places.entries()) {
    cluster.seed("/services", serviceOf(place), place.namespace);
    if (number % batch === 0) await turn();
  }
}

/** Makes the policies of the protected ones. */
export function seedPolicies(cluster: SimulatedCluster, scale: Scale): void {
  for (const place of protectedPlaces(scale))
    cluster.seed("tandem.dev/failoverpolicies", policyOf(place, modeOf(place, scale)), place.namespace);
}

/** A Service as its owner makes it. */
export function serviceOf({ name }: ServicePlace): JsonObject {
  const spec = { selector: { app: name }, ports: [portOf("http", 80)] };
  return { apiVersion: "v1", kind: "Service", metadata: { name }, spec };
}

/** The same Service with one more port; whatever else was done to it stays. */
export function withPort(service: JsonObject): JsonObject {
  const spec = service["spec"] as JsonObject;
  return { ...service, spec: { ...spec, ports: [...(spec["ports"] as Json[]), portOf("more", 81)] } };
}

function portOf(name: string, port: number): JsonObject {
  return { name, port, targetPort: podPort, protocol: "TCP", appProtocol: "http" };
}

/** A policy as its owner writes it. */
export function policyOf({ name }: ServicePlace, mode: "Gateway" | "Direct", minHealthyPercent = 50): JsonObject {
  return {
    apiVersion: "tandem.dev/v1alpha1",
    kind: "FailoverPolicy",
    metadata: { name },
    spec: {
      targetRefs: [{ kind: "Service", name }],
      mode,
      sites: [{ name: "west" }, { name: "east" }],
      healthCheck: { http: { path: "/healthz" }, interval: checkInterval },
      minHealthyPercent,
    },
  };
}

/** A pod of a Service. */
export function podOf(
  { name }: ServicePlace,
  { pod, address, ready }: { readonly pod: number; readonly address: string; readonly ready: boolean },
): JsonObject {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: `${name}-${pod}`, labels: { app: name } },
    spec: { nodeName: `node-${pod}`, containers: [{ name: "app", image: "app" }] },
    status: {
      phase: "Running",
      podIP: address,
      podIPs: [{ ip: address }],
      conditions: [{ type: "Ready", status: ready ? "True" : "False" }],
    },
  };
}

/** One process that answers for all pods of the many Services, of both sites. */
export async function startPods({ processes }: RunScope): Promise<void> {
  const args = ["--address", "0.0.0.0", "--http", `${podPort}`, "--site", "any", "--name", "any"];
  const child = await processes.start("pods", [process.execPath, backend, ...args]);
  await Promise.race([
    once(child.stdout, "data"),
    child.ended.then((code) => {
      throw new Error(`port ${podPort} of all addresses: the pods did not start (exit code ${code})`);
    }),
  ]);
}
