/**
 * A gateway of two stops answering, with or without the leading controller: how long Services go on leading to it.
 * @module
 */
import type { AuditEntry } from "../../test/kube/http/audit.ts";
import { listAt } from "../../test/kube/api/json.ts";
import type { SimulatedCluster } from "../../test/kube/simulated-cluster.ts";
import { CONTROLLER } from "../../test/install/accounts.ts";
import { type RunScope, withRunScope } from "../rig/process-group.ts";
import { measureQuietly } from "../rig/quiet.ts";
import { startClusters } from "./cluster-pair.ts";
import { namespacesOf, placeOf, policyOf, type Scale, seedServices, startPods } from "./large-cluster.ts";

const slices = "discovery.k8s.io/endpointslices";
const podNetwork = 10;
const podsEach = 1;
const heldWithinMs = 180_000;
const goneWithinMs = 30_000;

/** What dies. */
export interface DeadGatewayRow {
  readonly services: number;
  /** The leading controller is killed in the same moment. */
  readonly leader: boolean;
}

/** All rows. */
export const deadGatewayRows: readonly DeadGatewayRow[] = [50, 500].flatMap((services) =>
  [false, true].map((leader) => ({ services, leader })),
);

/** What one run measured, in ms after the gateway was stopped. */
export interface DeadGatewayMeasure extends DeadGatewayRow {
  /** The first Service no longer led to it. */
  readonly firstMs: number;
  /** None did any more. */
  readonly lastMs: number;
  /** Writes of Services and slices that this took. */
  readonly writes: number;
  readonly disturbance: number;
}

/** Measures on fresh processes. */
export async function measureDeadGateway(
  row: DeadGatewayRow,
  place: { readonly prefix: string; readonly repeats: number },
): Promise<DeadGatewayMeasure> {
  const { measured, disturbance } = await measureQuietly(place.repeats, () =>
    withRunScope((scope) => runOnce(row, place.prefix, scope)),
  );
  return { ...row, ...measured, disturbance };
}

async function runOnce(
  { services, leader }: DeadGatewayRow,
  prefix: string,
  scope: RunScope,
): Promise<Pick<DeadGatewayMeasure, "firstMs" | "lastMs" | "writes">> {
  const scale: Scale = { services, podsEach, protected: services };
  const pair = await startClusters(scope, { prefix, namespaces: namespacesOf(scale) });
  const { west, processes } = pair;
  await startPods(scope);
  const places = Array.from({ length: services }, (_, index) => placeOf(index));
  await seedServices(west.cluster, places, { podsEach, prefix, network: podNetwork });
  await pair.startTandem([1, 2]);
  // The first one leads.
  await west.startController("2");
  for (const one of places) west.cluster.seed("tandem.dev/failoverpolicies", policyOf(one, "Gateway"), one.namespace);
  const [dead, living] = [west.address(101), west.address(102)];
  await until(() => leadingTo(west.cluster, living) === services && leadingTo(west.cluster, dead) === services, {
    withinMs: heldWithinMs,
    what: () => `${leadingTo(west.cluster, dead)} of ${services} Services were held`,
  });
  await west.adoptEnvoys();
  west.cluster.forgetRequests();
  const stopped = processes.find("agent/west-1", "gateway/west-1", "envoy/west-1");
  const stoppedAt = Date.now();
  if (leader) await processes.signal(processes.find("controller/west/1"), "SIGKILL");
  await processes.signal(stopped, "SIGSTOP");
  await until(() => leadingTo(west.cluster, dead) === 0, {
    withinMs: goneWithinMs,
    what: () => `${leadingTo(west.cluster, dead)} of ${services} Services went on leading to the dead gateway`,
  });
  const writes = west.cluster.requests.filter(isWriteOfSlice);
  const times = writes.map(({ receivedAt }) => receivedAt - stoppedAt);
  return { firstMs: Math.min(...times), lastMs: Math.max(...times), writes: writes.length };
}

function isWriteOfSlice({ user, verb, resource, status }: AuditEntry): boolean {
  return user === CONTROLLER && verb === "patch" && resource === "endpointslices" && status === 200;
}

/** How many Services lead to a gateway. */
function leadingTo(cluster: SimulatedCluster, gateway: string): number {
  const ours = cluster.list(slices).filter(({ metadata }) => String(metadata["name"]).endsWith("-tandem-ipv4"));
  return ours.filter((slice) =>
    listAt(slice, "endpoints").some(
      (endpoint) =>
        (endpoint as { conditions?: { ready?: boolean } }).conditions?.ready === true &&
        listAt(endpoint, "addresses").includes(gateway),
    ),
  ).length;
}

/** Looks now and then, and not after each of thousands of changes. */
async function until(
  isSo: () => boolean,
  { withinMs, what }: { readonly withinMs: number; readonly what: () => string },
): Promise<void> {
  const end = performance.now() + withinMs;
  while (!isSo()) {
    if (performance.now() > end) throw new Error(`after ${withinMs / 1000} s ${what()}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
