import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { at, type Json, listAt, textAt } from "./api/json.ts";
import { ClusterRequests, type Reply } from "./cluster-requests.ts";
import { SimulatedCluster } from "./simulated-cluster.ts";

const CONFIGS = "/api/v1/namespaces/shop/configmaps";
const SERVICES = "/api/v1/namespaces/shop/services";
const SLICES = "/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices";

let cluster: SimulatedCluster;
let requests: ClusterRequests;

beforeEach(async () => {
  cluster = await SimulatedCluster.start({ tls: false, namespaces: ["shop"] });
  requests = new ClusterRequests(cluster);
});
afterEach(() => cluster.close());

const message = (reply: Reply): string => textAt(reply.body, "message") ?? "";
const names = (reply: Reply): unknown[] => listAt(reply.body, "items").map((item) => at(item, "metadata", "name"));

function addConfig(name: string, labels: Record<string, string> = {}): Promise<Reply> {
  return requests.create(CONFIGS, {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name, labels },
    data: { a: "1" },
  });
}

describe("writes", () => {
  test("an update without a change keeps the resource version, one with a change raises it", async () => {
    const { body } = await addConfig("one");
    const same = await requests.replace(`${CONFIGS}/one`, body);
    expect(at(same.body, "metadata", "resourceVersion")).toBe(at(body, "metadata", "resourceVersion"));
    const changed = await requests.replace(`${CONFIGS}/one`, { ...body, data: { a: "2" } });
    expect(Number(at(changed.body, "metadata", "resourceVersion"))).toBeGreaterThan(
      Number(at(body, "metadata", "resourceVersion")),
    );
    const stale = await requests.replace(`${CONFIGS}/one`, { ...body, data: { a: "3" } });
    expect(stale.status).toBe(409);
    expect(textAt(stale.body, "reason")).toBe("Conflict");
  });

  test("an update without a resource version is taken, except for kinds that want one", async () => {
    await addConfig("one");
    const taken = await requests.replace(`${CONFIGS}/one`, { metadata: { name: "one" }, data: { a: "2" } });
    expect(taken.status).toBe(200);
    const leases = "/apis/coordination.k8s.io/v1/namespaces/shop/leases";
    await requests.create(leases, { metadata: { name: "l" }, spec: {} });
    const refused = await requests.replace(`${leases}/l`, { metadata: { name: "l" }, spec: { holderIdentity: "me" } });
    expect(message(refused)).toBe(
      'Lease.coordination.k8s.io "l" is invalid: metadata.resourceVersion: Invalid value: 0: must be specified for an update',
    );
  });

  test("a dry run answers what would be and stores nothing", async () => {
    const before = cluster.revision;
    const created = await requests.create(`${CONFIGS}?dryRun=All`, { metadata: { name: "ghost" } });
    expect(created.status).toBe(201);
    expect(textAt(created.body, "metadata", "uid")).toBeTypeOf("string");
    expect(cluster.read("/configmaps", "ghost", "shop")).toBeUndefined();
    await addConfig("one");
    await requests.delete(`${CONFIGS}/one?dryRun=All`);
    expect(cluster.read("/configmaps", "one", "shop")).toBeDefined();
    expect(Number(cluster.revision)).toBe(Number(before) + 1);
    expect(cluster.writes.map(({ verb }) => verb)).toEqual(["create"]);
  });

  test("a generated name begins with what was asked", async () => {
    const { body } = await requests.create(CONFIGS, { metadata: { generateName: "part-" } });
    expect(textAt(body, "metadata", "name")).toMatch(/^part-[0-9a-f]{5}$/);
  });

  test("a namespace that is missing, another one in the body, another kind: refused", async () => {
    const missing = await requests.create("/api/v1/namespaces/none/configmaps", { metadata: { name: "a" } });
    expect([missing.status, message(missing)]).toEqual([404, 'namespaces "none" not found']);
    const other = await requests.create(CONFIGS, { metadata: { name: "a", namespace: "other" } });
    expect(message(other)).toBe(
      "the namespace of the provided object does not match the namespace sent on the request",
    );
    const kind = await requests.create(CONFIGS, { apiVersion: "v1", kind: "Secret", metadata: { name: "a" } });
    expect(kind.status).toBe(400);
  });

  test("unknown and double fields: refused when strict, warned about by default, ignored on demand", async () => {
    const body = { metadata: { name: "w" }, spec: { ports: [{ port: 80, colour: "red" }] } };
    const strict = await requests.create(`${SERVICES}?fieldValidation=Strict`, body);
    expect(message(strict)).toBe(
      'Service in version "v1" cannot be handled as a Service: strict decoding error: unknown field "spec.ports[0].colour"',
    );
    const warned = await requests.create(SERVICES, body);
    expect([warned.status, warned.warning]).toEqual([201, '299 - "unknown field \\"spec.ports[0].colour\\""']);
    await requests.delete(`${SERVICES}/w`);
    const ignored = await requests.create(`${SERVICES}?fieldValidation=Ignore`, body);
    expect([ignored.status, ignored.warning]).toEqual([201, ""]);
  });

  test("a value of a wrong type is not even decoded", async () => {
    const reply = await requests.create(SERVICES, { metadata: { name: "w" }, spec: { ports: [{ port: "80" }] } });
    expect(reply.status).toBe(400);
    expect(message(reply)).toMatch(
      /cannot unmarshal string into Go struct field Service\.spec\.ports\.port of type int32/,
    );
  });

  test("finalizers hold an object; nothing can be added to them any more", async () => {
    const held = { metadata: { name: "held", finalizers: ["shop.dev/hold"] } };
    await requests.create(CONFIGS, held);
    const marked = await requests.delete(`${CONFIGS}/held`);
    expect(textAt(marked.body, "metadata", "deletionTimestamp")).toBeTypeOf("string");
    const more = await requests.patch("merge", `${CONFIGS}/held`, {
      metadata: { finalizers: ["shop.dev/hold", "shop.dev/b"] },
    });
    expect(more.status).toBe(422);
    const freed = await requests.patch("merge", `${CONFIGS}/held`, { metadata: { finalizers: [] } });
    expect(freed.status).toBe(200);
    expect((await requests.get(`${CONFIGS}/held`)).status).toBe(404);
  });

  test("deleting with the right preconditions works, with wrong ones it does not", async () => {
    const { body } = await addConfig("one");
    const uid = textAt(body, "metadata", "uid") ?? "";
    const wrong = await requests.delete(`${CONFIGS}/one`, { preconditions: { resourceVersion: "1" } });
    expect(wrong.status).toBe(409);
    expect((await requests.delete(`${CONFIGS}/one`, { preconditions: { uid } })).status).toBe(200);
  });

  test("a collection is deleted by its selector", async () => {
    await addConfig("a", { app: "web" });
    await addConfig("b");
    await requests.delete(`${CONFIGS}?labelSelector=app%3Dweb`);
    expect(names(await requests.get(CONFIGS))).toEqual(["b"]);
  });

  test("a pod on a node ends in its grace period, and at once when told so", async () => {
    const pods = "/api/v1/namespaces/shop/pods";
    const spec = { nodeName: "n1", containers: [{ name: "c", image: "i:1" }] };
    await requests.create(pods, { metadata: { name: "p" }, spec });
    const ending = await requests.delete(`${pods}/p`);
    expect(at(ending.body, "metadata", "deletionGracePeriodSeconds")).toBe(30);
    await requests.delete(`${pods}/p`, { gracePeriodSeconds: 0 });
    expect((await requests.get(`${pods}/p`)).status).toBe(404);
  });

  test("times follow the simulated clock", async () => {
    cluster.clockOffsetMs = -3_600_000;
    const { body } = await addConfig("old");
    const created = Date.parse(textAt(body, "metadata", "creationTimestamp") ?? "");
    expect(created).toBeLessThan(Date.now() - 3_000_000);
  });
});

describe("reads", () => {
  test("selectors", async () => {
    await addConfig("a", { app: "web", tier: "front" });
    await addConfig("b", { app: "db" });
    await addConfig("c");
    const select = async (query: string): Promise<unknown[]> => names(await requests.get(`${CONFIGS}?${query}`));
    expect(await select("labelSelector=app")).toEqual(["a", "b"]);
    expect(await select("labelSelector=!app")).toEqual(["c"]);
    expect(await select("labelSelector=app!%3Dweb")).toEqual(["b", "c"]);
    expect(await select("labelSelector=app%20in%20(web,db),tier%3Dfront")).toEqual(["a"]);
    expect(await select("labelSelector=app%20notin%20(web)")).toEqual(["b", "c"]);
    expect(await select("fieldSelector=metadata.name!%3Da")).toEqual(["b", "c"]);
    const unknown = await requests.get(`${CONFIGS}?fieldSelector=data.a%3D1`);
    expect([unknown.status, message(unknown)]).toEqual([400, "field label not supported: data.a"]);
  });

  test("events are found by what they are about, pods by their node", async () => {
    const about = { kind: "Service", name: "web", namespace: "shop" };
    await requests.create("/api/v1/namespaces/shop/events", {
      metadata: { name: "e" },
      involvedObject: about,
      reason: "r",
    });
    const found = await requests.get(
      "/api/v1/namespaces/shop/events?fieldSelector=involvedObject.name%3Dweb,reason%3Dr",
    );
    expect(names(found)).toEqual(["e"]);
    const spec = { nodeName: "n1", containers: [{ name: "c", image: "i" }] };
    await requests.create("/api/v1/namespaces/shop/pods", { metadata: { name: "p" }, spec });
    expect(names(await requests.get("/api/v1/pods?fieldSelector=spec.nodeName%3Dn1,status.phase%3DPending"))).toEqual([
      "p",
    ]);
  });

  test("pages show one snapshot, until it is too old", async () => {
    for (const name of ["a", "b", "c"]) await addConfig(name);
    const first = await requests.get(`${CONFIGS}?limit=2`);
    expect(at(first.body, "metadata", "remainingItemCount")).toBe(1);
    await addConfig("bb");
    await requests.delete(`${CONFIGS}/c`);
    const token = textAt(first.body, "metadata", "continue") ?? "";
    const second = await requests.get(`${CONFIGS}?limit=2&continue=${token}`);
    expect(names(second)).toEqual(["c"]);
    expect(at(second.body, "metadata", "resourceVersion")).toBe(at(first.body, "metadata", "resourceVersion"));
    cluster.compact();
    const gone = await requests.get(`${CONFIGS}?limit=2&continue=${token}`);
    expect([gone.status, textAt(gone.body, "reason")]).toEqual([410, "Expired"]);
    const inconsistent = textAt(gone.body, "metadata", "continue") ?? "";
    expect(names(await requests.get(`${CONFIGS}?limit=2&continue=${inconsistent}`))).toEqual(["bb"]);
  });

  test("lists of a version: exact, too old, of the future", async () => {
    const { body } = await addConfig("a");
    const version = textAt(body, "metadata", "resourceVersion") ?? "";
    await addConfig("b");
    const exact = await requests.get(`${CONFIGS}?resourceVersion=${version}&resourceVersionMatch=Exact`);
    expect(names(exact)).toEqual(["a"]);
    expect(names(await requests.get(`${CONFIGS}?resourceVersion=0`))).toEqual(["a", "b"]);
    expect((await requests.get(`${CONFIGS}?resourceVersion=999999`)).status).toBe(504);
    cluster.compact();
    const old = await requests.get(`${CONFIGS}?resourceVersion=${version}&resourceVersionMatch=Exact`);
    expect([old.status, textAt(old.body, "reason")]).toEqual([410, "Expired"]);
  });

  test("a client that takes protobuf only is refused, one that takes JSON as well gets JSON", async () => {
    const accept = "application/vnd.kubernetes.protobuf";
    expect((await requests.get(CONFIGS, { accept })).status).toBe(406);
    expect((await requests.get(CONFIGS, { accept: `${accept},application/json` })).status).toBe(200);
  });

  test("what discovery says of a core resource is what the real server says of it", async () => {
    const file = new URL("../fixtures/kube-openapi/discovery_api_v1.json.gz", import.meta.url);
    const recorded = listAt(JSON.parse(gunzipSync(readFileSync(file)).toString("utf8")) as Json, "resources");
    const own = listAt((await requests.get("/api/v1")).body, "resources");
    expect(own.length).toBeGreaterThan(10);
    for (const resource of own) expect(recorded).toContainEqual(resource);
  });

  test("discovery, version and health", async () => {
    const core = await requests.get("/api/v1");
    expect(listAt(core.body, "resources").map((one) => at(one, "name"))).toContain("services/status");
    expect(listAt((await requests.get("/apis")).body, "groups").map((one) => at(one, "name"))).toContain("apps");
    expect(textAt((await requests.get("/version")).body, "gitVersion")).toBe("v1.36.2");
    for (const path of ["/healthz", "/readyz", "/livez"]) expect((await requests.get(path)).body["text"]).toBe("ok");
  });
});

describe("kinds", () => {
  test("a Service gets an address and keeps it", async () => {
    const { body } = await requests.create(SERVICES, { metadata: { name: "web" }, spec: { ports: [{ port: 80 }] } });
    const address = textAt(body, "spec", "clusterIP") ?? "";
    expect(address).toMatch(/^10\.96\./);
    const replaced = await requests.replace(`${SERVICES}/web`, {
      metadata: { name: "web" },
      spec: { ports: [{ port: 81 }] },
    });
    expect(textAt(replaced.body, "spec", "clusterIP")).toBe(address);
    const moved = await requests.patch("merge", `${SERVICES}/web`, {
      spec: { clusterIP: "10.96.9.9", clusterIPs: ["10.96.9.9"] },
    });
    expect(message(moved)).toBe(
      'Service "web" is invalid: spec.clusterIPs[0]: Invalid value: ["10.96.9.9"]: may not change once set',
    );
  });

  test("an address that another Service has is refused", async () => {
    const spec = { clusterIP: "10.96.200.1", ports: [{ port: 80 }] };
    expect((await requests.create(SERVICES, { metadata: { name: "one" }, spec })).status).toBe(201);
    expect(message(await requests.create(SERVICES, { metadata: { name: "two" }, spec }))).toBe(
      'Service "two" is invalid: spec.clusterIPs: Invalid value: ["10.96.200.1"]: failed to allocate IP 10.96.200.1: provided IP is already allocated',
    );
    await requests.delete(`${SERVICES}/one`);
    expect((await requests.create(SERVICES, { metadata: { name: "two" }, spec })).status).toBe(201);
  });

  test.each([
    ["headless", { clusterIP: "None", ports: [{ port: 80 }] }, { clusterIP: "None" }],
    ["ExternalName", { type: "ExternalName", externalName: "example.com" }, { type: "ExternalName" }],
    ["both families", { ipFamilyPolicy: "PreferDualStack", ports: [{ port: 80 }] }, { ipFamilies: ["IPv4", "IPv6"] }],
    ["NodePort", { type: "NodePort", ports: [{ port: 80 }] }, { externalTrafficPolicy: "Cluster" }],
  ])("a Service: %s", async (_name, spec, expected) => {
    const { status, body } = await requests.create(SERVICES, { metadata: { name: "web" }, spec });
    expect(status).toBe(201);
    expect(body["spec"]).toMatchObject(expected);
  });

  test.each([
    [
      "two ports of one name",
      {
        ports: [
          { name: "a", port: 1 },
          { name: "a", port: 2 },
        ],
      },
      'spec.ports[1].name: Duplicate value: "a"',
    ],
    ["no port", {}, "spec.ports: Required value"],
    [
      "port 0",
      { ports: [{ port: 0 }] },
      "spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive",
    ],
    [
      "another type",
      { type: "Magic", ports: [{ port: 1 }] },
      'spec.type: Unsupported value: "Magic": supported values: "ClusterIP", "ExternalName", "LoadBalancer", "NodePort"',
    ],
  ])("a Service is refused: %s", async (_name, spec, expected) => {
    const reply = await requests.create(SERVICES, { metadata: { name: "web" }, spec });
    expect(reply.status).toBe(422);
    expect(message(reply)).toContain(expected);
  });

  test("a Service's name is a DNS-1035 label", async () => {
    const reply = await requests.create(SERVICES, { metadata: { name: "1web" }, spec: { ports: [{ port: 80 }] } });
    expect(message(reply)).toContain('metadata.name: Invalid value: "1web": a DNS-1035 label must consist of');
  });

  test.each([
    [
      "IPv6 in an IPv4 slice",
      { addressType: "IPv4", endpoints: [{ addresses: ["::2"] }] },
      "must be a valid IPv4 address",
    ],
    ["no address", { addressType: "IPv4", endpoints: [{ addresses: [] }] }, "endpoints[0].addresses: Required value"],
    ["no type", { endpoints: [] }, "addressType: Required value"],
    [
      "1,001 endpoints",
      { addressType: "IPv4", endpoints: Array.from({ length: 1_001 }, () => ({ addresses: ["10.0.0.1"] })) },
      "endpoints: Too many: 1001: must have at most 1000 items",
    ],
  ])("an EndpointSlice is refused: %s", async (_name, content, expected) => {
    const reply = await requests.create(SLICES, { metadata: { name: "s" }, ...content });
    expect(reply.status).toBe(422);
    expect(message(reply)).toContain(expected);
  });

  test("an EndpointSlice's address type is immutable, and its generation follows its content", async () => {
    await requests.create(SLICES, { metadata: { name: "s" }, addressType: "IPv4", endpoints: [], ports: [] });
    const typed = await requests.patch("merge", `${SLICES}/s`, { addressType: "IPv6" });
    expect(message(typed)).toContain('addressType: Invalid value: "IPv6": field is immutable');
    const labelled = await requests.patch("merge", `${SLICES}/s`, { metadata: { labels: { a: "b" } } });
    expect(at(labelled.body, "metadata", "generation")).toBe(1);
    const changed = await requests.patch("merge", `${SLICES}/s`, { endpoints: [{ addresses: ["10.0.0.1"] }] });
    expect(at(changed.body, "metadata", "generation")).toBe(2);
  });

  test("loopback addresses are allowed on demand", async () => {
    const open = await SimulatedCluster.start({ tls: false, namespaces: ["shop"], allowLoopback: true });
    const reply = await new ClusterRequests(open).create(SLICES, {
      metadata: { name: "s" },
      addressType: "IPv4",
      endpoints: [{ addresses: ["127.0.0.1"] }],
    });
    expect(reply.status).toBe(201);
    await open.close();
  });

  test("a Deployment's status is its own, its selector has to fit and to stay", async () => {
    const path = "/apis/apps/v1/namespaces/shop/deployments";
    const template = { metadata: { labels: { app: "web" } }, spec: { containers: [{ name: "c", image: "i" }] } };
    const spec = { selector: { matchLabels: { app: "web" } }, template };
    const { body } = await requests.create(path, { metadata: { name: "d" }, spec });
    expect(body["spec"]).toMatchObject({ replicas: 1, strategy: { type: "RollingUpdate" } });
    const status = await requests.patch("merge", `${path}/d/status`, {
      status: { replicas: 1 },
      spec: { replicas: 9 },
    });
    expect([at(status.body, "spec", "replicas"), at(status.body, "status", "replicas")]).toEqual([1, 1]);
    const other = await requests.create(path, {
      metadata: { name: "e" },
      spec: { ...spec, selector: { matchLabels: { app: "x" } } },
    });
    expect(message(other)).toContain("`selector` does not match template `labels`");
  });

  test("a Secret's texts become data", async () => {
    const path = "/api/v1/namespaces/shop/secrets";
    const { body } = await requests.create(path, { metadata: { name: "s" }, stringData: { key: "value" } });
    expect([body["data"], body["stringData"], body["type"]]).toEqual([{ key: "dmFsdWU=" }, undefined, "Opaque"]);
  });
});
