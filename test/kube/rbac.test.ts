import { afterEach, beforeEach, expect, test } from "vitest";
import { at, type JsonObject, textAt } from "./api/json.ts";
import { ask } from "./api-client.ts";
import { ClusterRequests } from "./cluster-requests.ts";
import { SimulatedCluster } from "./simulated-cluster.ts";

const AGENT = "system:serviceaccount:tandem:agent";
const SERVICES = "/api/v1/namespaces/shop/services";
const GROUP = "rbac.authorization.k8s.io";

let cluster: SimulatedCluster;
let agent: ClusterRequests;

beforeEach(async () => {
  cluster = await SimulatedCluster.start({
    tls: false,
    namespaces: ["shop", "tandem"],
    users: [
      { name: "admin", token: "a", groups: ["system:masters"] },
      { name: AGENT, token: "b" },
      { name: "jo", token: "c", groups: ["team"] },
    ],
  });
  agent = new ClusterRequests(cluster, AGENT);
  cluster.seed("/services", { metadata: { name: "web" }, spec: { ports: [{ port: 80 }] } }, "shop");
});
afterEach(() => cluster.close());

function grant(
  rule: JsonObject,
  { namespace = "", subject = ACCOUNT }: { namespace?: string; subject?: JsonObject } = {},
): void {
  const prefix = namespace === "" ? "Cluster" : "";
  const plural = prefix.toLowerCase();
  cluster.seed(`${GROUP}/${plural}roles`, { metadata: { name: "r" }, rules: [rule] }, namespace);
  const roleRef = { apiGroup: GROUP, kind: `${prefix}Role`, name: "r" };
  cluster.seed(`${GROUP}/${plural}rolebindings`, { metadata: { name: "r" }, roleRef, subjects: [subject] }, namespace);
}

const ACCOUNT: JsonObject = { kind: "ServiceAccount", name: "agent", namespace: "tandem" };
const READ: JsonObject = { apiGroups: [""], resources: ["services"], verbs: ["get", "list", "watch"] };

test("without a rule everything is refused, in the words of the real one", async () => {
  const list = await agent.get(SERVICES);
  expect([list.status, textAt(list.body, "message")]).toEqual([
    403,
    `services is forbidden: User "${AGENT}" cannot list resource "services" in API group "" in the namespace "shop"`,
  ]);
  const one = await agent.patch("merge", "/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices/x", {});
  expect(textAt(one.body, "message")).toBe(
    `endpointslices.discovery.k8s.io "x" is forbidden: User "${AGENT}" cannot patch resource "endpointslices" in API group "discovery.k8s.io" in the namespace "shop"`,
  );
  const wide = await agent.get("/api/v1/services");
  expect(textAt(wide.body, "message")).toContain("at the cluster scope");
  const path = await agent.get("/metrics");
  expect(textAt(path.body, "message")).toBe(`forbidden: User "${AGENT}" cannot get path "/metrics"`);
});

test("a role grants its verbs in its namespace and nothing else", async () => {
  grant(READ, { namespace: "shop" });
  expect((await agent.get(SERVICES)).status).toBe(200);
  expect((await agent.get(`${SERVICES}/web`)).status).toBe(200);
  expect((await agent.get("/api/v1/namespaces/tandem/services")).status).toBe(403);
  expect((await agent.patch("merge", `${SERVICES}/web`, {})).status).toBe(403);
});

test("a cluster role bound in the cluster grants everywhere, bound in a namespace there only", async () => {
  grant(READ);
  expect((await agent.get("/api/v1/services")).status).toBe(200);
  cluster.remove(`${GROUP}/clusterrolebindings`, "r");
  expect((await agent.get(SERVICES)).status).toBe(403);
  const roleRef = { apiGroup: GROUP, kind: "ClusterRole", name: "r" };
  cluster.seed(`${GROUP}/rolebindings`, { metadata: { name: "r" }, roleRef, subjects: [ACCOUNT] }, "shop");
  expect((await agent.get(SERVICES)).status).toBe(200);
  expect((await agent.get("/api/v1/services")).status).toBe(403);
});

test("subresources and names are told apart", async () => {
  grant(
    { apiGroups: [""], resources: ["services/status"], resourceNames: ["web"], verbs: ["patch"] },
    { namespace: "shop" },
  );
  expect((await agent.patch("merge", `${SERVICES}/web/status`, { status: {} })).status).toBe(200);
  expect((await agent.patch("merge", `${SERVICES}/web`, {})).status).toBe(403);
  expect((await agent.patch("merge", `${SERVICES}/other/status`, {})).status).toBe(403);
});

test("a list of one object by its name is allowed by that name", async () => {
  grant({ apiGroups: [""], resources: ["services"], resourceNames: ["web"], verbs: ["list"] }, { namespace: "shop" });
  expect((await agent.get(`${SERVICES}?fieldSelector=metadata.name%3Dweb`)).status).toBe(200);
  expect((await agent.get(SERVICES)).status).toBe(403);
});

test("groups, wildcards and paths", async () => {
  grant(
    { apiGroups: ["*"], resources: ["*"], verbs: ["*"] },
    { namespace: "shop", subject: { kind: "Group", name: "team" } },
  );
  const jo = new ClusterRequests(cluster, "jo");
  expect((await jo.delete(`${SERVICES}/web`)).status).toBe(200);
  expect((await jo.get("/api/v1/nodes")).status).toBe(403);
  grant({ nonResourceURLs: ["/metrics/*"], verbs: ["get"] });
  expect((await agent.get("/metrics/slis")).status).toBe(404);
});

test("discovery is for everybody with credentials, health for anybody", async () => {
  expect((await agent.get("/apis")).status).toBe(200);
  const nobody = new ClusterRequests(cluster, null);
  expect((await nobody.get("/apis")).status).toBe(403);
  expect((await nobody.get("/readyz")).status).toBe(200);
});

test("a user can ask what it may do", async () => {
  grant(READ, { namespace: "shop" });
  const review = (verb: string): JsonObject => ({
    apiVersion: "authorization.k8s.io/v1",
    kind: "SelfSubjectAccessReview",
    spec: { resourceAttributes: { namespace: "shop", verb, resource: "services" } },
  });
  const path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
  const [may, mayNot] = [await agent.create(path, review("list")), await agent.create(path, review("delete"))];
  expect([may.status, at(may.body, "status", "allowed"), at(mayNot.body, "status", "allowed")]).toEqual([
    201,
    true,
    false,
  ]);
});

test("every request is in the log, with who asked and what it came to", async () => {
  cluster.forgetRequests();
  await agent.get(`${SERVICES}/web`);
  await new ClusterRequests(cluster).patch("merge", `${SERVICES}/web/status`, { status: {} });
  await ask({ ...cluster.access(null), token: "wrong" }, { path: SERVICES });
  expect(cluster.requests).toMatchObject([
    { verb: "get", user: AGENT, group: "", resource: "services", namespace: "shop", name: "web", status: 403 },
    { verb: "patch", user: "admin", resource: "services", subresource: "status", status: 200 },
    { verb: "list", user: "", resource: "services", status: 401 },
  ]);
  expect(cluster.writes).toHaveLength(1);
});
