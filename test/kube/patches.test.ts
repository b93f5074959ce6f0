import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { at, listAt, textAt } from "./api/json.ts";
import { ClusterRequests, type Reply } from "./cluster-requests.ts";
import { SimulatedCluster } from "./simulated-cluster.ts";

const SERVICE = "/api/v1/namespaces/shop/services/web";

let cluster: SimulatedCluster;
let requests: ClusterRequests;

beforeEach(async () => {
  cluster = await SimulatedCluster.start({ tls: false, namespaces: ["shop"], controllers: { endpointSlices: false } });
  requests = new ClusterRequests(cluster);
});
afterEach(() => cluster.close());

const message = (reply: Reply): string => textAt(reply.body, "message") ?? "";
const managers = (reply: Reply): unknown[] =>
  listAt(reply.body, "metadata", "managedFields").map((entry) => [at(entry, "manager"), at(entry, "operation")]);

function apply(manager: string, spec: Record<string, unknown>, query = ""): Promise<Reply> {
  const body = { apiVersion: "v1", kind: "Service", metadata: { name: "web" }, spec } as never;
  return requests.patch("apply", `${SERVICE}?fieldManager=${manager}${query}`, body);
}

describe("server-side apply", () => {
  test("managers own items of a list by their keys, each its own", async () => {
    await apply("one", { ports: [{ name: "a", port: 80 }] });
    const both = await apply("two", { ports: [{ name: "b", port: 81, protocol: "TCP" }] });
    expect(listAt(both.body, "spec", "ports").map((port) => at(port, "port"))).toEqual([80, 81]);
    expect(managers(both)).toEqual([
      ["one", "Apply"],
      ["two", "Apply"],
    ]);
    expect(at(both.body, "metadata", "managedFields", 1, "fieldsV1")).toEqual({
      "f:spec": {
        "f:ports": { 'k:{"port":81,"protocol":"TCP"}': { ".": {}, "f:name": {}, "f:port": {}, "f:protocol": {} } },
      },
    });
  });

  test("what a manager no longer applies goes, unless another owns it", async () => {
    await apply("one", {
      ports: [
        { name: "a", port: 80 },
        { name: "b", port: 81 },
      ],
      externalIPs: ["192.0.2.1"],
    });
    await apply("two", { ports: [{ name: "b", port: 81 }] });
    const left = await apply("one", { ports: [{ name: "a", port: 80 }] });
    expect(listAt(left.body, "spec", "ports").map((port) => at(port, "port"))).toEqual([80, 81]);
    expect(at(left.body, "spec", "externalIPs")).toBeUndefined();
    const alone = await apply("two", {});
    expect(listAt(alone.body, "spec", "ports").map((port) => at(port, "port"))).toEqual([80]);
    expect(managers(alone)).toEqual([
      ["one", "Apply"],
      // It applied an empty spec, and that it owns.
      ["two", "Apply"],
    ]);
  });

  test("conflicts name every owner and field", async () => {
    await apply("one", { ports: [{ name: "a", port: 80 }], sessionAffinity: "None", selector: { app: "web" } });
    const refused = await apply("two", { sessionAffinity: "ClientIP", selector: { app: "other" } });
    expect([refused.status, message(refused)]).toEqual([
      409,
      'Apply failed with 2 conflicts: conflicts with "one":\n- .spec.selector\n- .spec.sessionAffinity',
    ]);
    const forced = await apply("two", { selector: { app: "other" } }, "&force=true");
    expect(at(forced.body, "spec", "selector")).toEqual({ app: "other" });
    const lost = await apply("one", {
      ports: [{ name: "a", port: 80 }],
      sessionAffinity: "None",
      selector: { app: "web" },
    });
    expect(message(lost)).toBe('Apply failed with 1 conflict: conflict with "two": .spec.selector');
  });

  test("a conflict with an update names its version, and equal values are shared", async () => {
    await apply("one", { ports: [{ port: 80 }] });
    await requests.patch("merge", `${SERVICE}?fieldManager=hand`, { spec: { selector: { app: "hand" } } });
    const refused = await apply("one", { ports: [{ port: 80 }], selector: { app: "one" } });
    expect(message(refused)).toBe('Apply failed with 1 conflict: conflict with "hand" using v1: .spec.selector');
    const shared = await apply("one", { ports: [{ port: 80 }], selector: { app: "hand" } });
    expect(shared.status).toBe(200);
    expect(managers(shared)).toEqual([
      ["one", "Apply"],
      ["hand", "Update"],
    ]);
  });

  test("an update takes fields from whoever applied them", async () => {
    await apply("one", { ports: [{ port: 80 }], selector: { app: "web" } });
    const taken = await requests.patch("merge", `${SERVICE}?fieldManager=hand`, { spec: { selector: null } });
    expect(JSON.stringify(at(taken.body, "metadata", "managedFields"))).not.toContain("f:selector");
  });

  test("without a manager it is refused; unknown fields are not declared", async () => {
    const nobody = await requests.patch("apply", SERVICE, {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "web" },
    });
    expect([nobody.status, message(nobody)]).toEqual([
      422,
      'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch',
    ]);
    const unknown = await apply("one", { colour: "red" });
    expect(message(unknown)).toContain(".spec.colour: field not declared in schema");
  });

  test("a manager whose agent is named by the client", async () => {
    const { body } = await requests.create("/api/v1/namespaces/shop/configmaps?fieldManager=mine", {
      metadata: { name: "c" },
      data: { a: "1" },
    });
    expect(at(body, "metadata", "managedFields", 0)).toMatchObject({
      manager: "mine",
      operation: "Update",
      fieldsV1: { "f:data": { ".": {}, "f:a": {} } },
    });
  });
});

describe("strategic merge patch", () => {
  beforeEach(async () => {
    await requests.create("/api/v1/namespaces/shop/services", {
      metadata: { name: "web" },
      spec: {
        selector: { app: "web", tier: "front" },
        ports: [
          { name: "a", port: 80 },
          { name: "b", port: 81 },
        ],
      },
    });
  });

  const ports = (reply: Reply): unknown[] => listAt(reply.body, "spec", "ports").map((port) => at(port, "name"));

  test("items are merged by key, removed by directive, replaced as a whole on demand", async () => {
    const merged = await requests.patch("strategic", SERVICE, { spec: { ports: [{ port: 80, name: "aa" }] } });
    expect(ports(merged)).toEqual(["aa", "b"]);
    const removed = await requests.patch("strategic", SERVICE, { spec: { ports: [{ port: 81, $patch: "delete" }] } });
    expect(ports(removed)).toEqual(["aa"]);
    const replaced = await requests.patch("strategic", SERVICE, {
      spec: { ports: [{ name: "c", port: 82 }, { $patch: "replace" }] },
    });
    expect(ports(replaced)).toEqual(["c"]);
  });

  test("maps merge, null removes a key", async () => {
    const { body } = await requests.patch("strategic", SERVICE, { spec: { selector: { tier: null, zone: "z" } } });
    expect(at(body, "spec", "selector")).toEqual({ app: "web", zone: "z" });
  });

  test("the order of items can be asked for", async () => {
    const order = { "$setElementOrder/ports": [{ port: 81 }, { port: 80 }], ports: [{ port: 80, name: "a" }] };
    expect(ports(await requests.patch("strategic", SERVICE, { spec: order }))).toEqual(["b", "a"]);
  });

  test("custom objects do not take it", async () => {
    const crds = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
    const schema = { openAPIV3Schema: { type: "object" } };
    const names = { plural: "things", kind: "Thing" };
    const versions = [{ name: "v1", served: true, storage: true, schema }];
    await requests.create(crds, {
      metadata: { name: "things.x.dev" },
      spec: { group: "x.dev", names, scope: "Namespaced", versions },
    });
    cluster.establish("things.x.dev");
    const reply = await requests.patch("strategic", "/apis/x.dev/v1/namespaces/shop/things/a", {});
    expect(reply.status).toBe(415);
  });
});

describe("JSON patch", () => {
  beforeEach(async () => {
    const data = { a: "1", "b/c": "2" };
    await requests.create("/api/v1/namespaces/shop/configmaps", { metadata: { name: "c" }, data });
  });

  const CONFIG = "/api/v1/namespaces/shop/configmaps/c";

  test.each([
    ["add", [{ op: "add", path: "/data/x", value: "y" }], { a: "1", "b/c": "2", x: "y" }],
    ["remove with an escaped name", [{ op: "remove", path: "/data/b~1c" }], { a: "1" }],
    ["replace", [{ op: "replace", path: "/data/a", value: "9" }], { a: "9", "b/c": "2" }],
    ["move", [{ op: "move", from: "/data/a", path: "/data/z" }], { "b/c": "2", z: "1" }],
    [
      "copy after a test",
      [
        { op: "test", path: "/data/a", value: "1" },
        { op: "copy", from: "/data/a", path: "/data/z" },
      ],
      { a: "1", "b/c": "2", z: "1" },
    ],
  ])("%s", async (_name, patch, expected) => {
    expect((await requests.patch("json", CONFIG, patch)).body["data"]).toEqual(expected);
  });

  test("what does not fit is refused", async () => {
    expect((await requests.patch("json", CONFIG, [{ op: "remove", path: "/data/none" }])).status).toBe(422);
    expect((await requests.patch("json", CONFIG, { op: "add" })).status).toBe(400);
  });
});

test("a patch with a stale resource version conflicts", async () => {
  const { body } = await requests.create("/api/v1/namespaces/shop/configmaps", { metadata: { name: "c" } });
  const stale = textAt(body, "metadata", "resourceVersion") ?? "";
  const path = "/api/v1/namespaces/shop/configmaps/c";
  await requests.patch("merge", path, { data: { a: "1" } });
  const refused = await requests.patch("merge", path, { metadata: { resourceVersion: stale }, data: { a: "2" } });
  expect([refused.status, textAt(refused.body, "reason")]).toEqual([409, "Conflict"]);
});
