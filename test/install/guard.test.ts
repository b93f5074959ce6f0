import { afterEach, beforeEach, expect, test } from "vitest";
import { heldRecord } from "../../src/core/install/guard.ts";
import { installedObjects } from "../../src/core/install/index.ts";
import { resourceOf } from "../../src/adapters/kube/installed-resources.ts";
import type { JsonObject } from "../kube/api/json.ts";
import { textAt } from "../kube/api/json.ts";
import { ClusterRequests } from "../kube/cluster-requests.ts";
import { SimulatedCluster } from "../kube/simulated-cluster.ts";
import { EXAMPLE } from "./example.ts";

const RECORD = "/api/v1/namespaces/tandem-system/configmaps/tandem-held";
const NAMESPACE = "/api/v1/namespaces/tandem-system";
const DEPLOYMENTS = "/apis/apps/v1/namespaces/tandem-system/deployments";
const DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

let cluster: SimulatedCluster;
let requests: ClusterRequests;

beforeEach(async () => {
  cluster = await SimulatedCluster.start({ tls: false, namespaces: ["shop"] });
  requests = new ClusterRequests(cluster);
  for (const object of installedObjects(EXAMPLE)) {
    if (object.kind === "Site") continue;
    const { group, plural } = resourceOf(object);
    cluster.seed(`${group}/${plural}`, JSON.parse(JSON.stringify(object)) as JsonObject, object.metadata.namespace);
  }
});
afterEach(() => cluster.close());

const hold = (...services: `${string}/${string}`[]): Promise<unknown> =>
  requests.patch("merge", RECORD, { data: { ...heldRecord(services) } });

/** What must not go while Services are held. */
const GUARDED = [
  NAMESPACE,
  `${DEPLOYMENTS}/tandem-controller`,
  `${DEPLOYMENTS}/tandem-gateway`,
  DEPLOYMENTS,
  `${DEFINITIONS}/failoverpolicies.tandem.dev`,
  `${DEFINITIONS}/sites.tandem.dev`,
  RECORD,
];

test.each(GUARDED)("while a Service is held %s cannot be deleted, and what to do is said", async (path) => {
  await hold("shop/web", "pay/api");
  const { status, body } = await requests.delete(path);
  expect(status).toBe(403);
  expect(textAt(body, "message")).toContain(
    "ValidatingAdmissionPolicy 'tandem-guard' with binding 'tandem-guard' denied request: Tandem holds 2 Service(s) that would lead nowhere without it: pay/api, shop/web. Remove Tandem with `tandem uninstall`",
  );
});

test.each(GUARDED)("with nothing held %s can be deleted", async (path) => {
  await hold("shop/web");
  await hold();
  expect((await requests.delete(path)).status).toBe(200);
});

test("before anything was ever held, and without the record, everything can be deleted", async () => {
  expect((await requests.delete(RECORD)).status).toBe(200);
  expect((await requests.delete(NAMESPACE)).status).toBe(200);
});

test("what is not Tandem's can be deleted all the time", async () => {
  await hold("shop/web");
  cluster.seed("/configmaps", { metadata: { name: "tandem-held" } }, "shop");
  expect((await requests.delete("/api/v1/namespaces/shop/configmaps/tandem-held")).status).toBe(200);
  expect((await requests.delete("/api/v1/namespaces/shop")).status).toBe(200);
});

test("the guard itself can be removed by who has to get past it", async () => {
  await hold("shop/web");
  const binding = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings/tandem-guard";
  expect((await requests.delete(binding)).status).toBe(200);
  expect((await requests.delete(NAMESPACE)).status).toBe(200);
});
