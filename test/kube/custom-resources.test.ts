import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { at, type Json, type JsonObject, listAt, textAt } from "./api/json.ts";
import { ClusterRequests, type Reply } from "./cluster-requests.ts";
import { SimulatedCluster } from "./simulated-cluster.ts";

const CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const GADGETS = "/apis/x.dev/v1/namespaces/shop/gadgets";

let cluster: SimulatedCluster;
let requests: ClusterRequests;

beforeEach(async () => {
  cluster = await SimulatedCluster.start({ tls: false, namespaces: ["shop"], establishAfterMs: 1 });
  requests = new ClusterRequests(cluster);
});
afterEach(() => cluster.close());

const message = (reply: Reply): string => textAt(reply.body, "message") ?? "";

function definition(spec: JsonObject, versions?: Json[]): JsonObject {
  const schema = { openAPIV3Schema: { type: "object", properties: { spec } } };
  return {
    metadata: { name: "gadgets.x.dev" },
    spec: {
      group: "x.dev",
      scope: "Namespaced",
      names: { plural: "gadgets", kind: "Gadget", shortNames: ["gd"] },
      versions: versions ?? [{ name: "v1", served: true, storage: true, schema, subresources: { status: {} } }],
    },
  };
}

async function define(body: JsonObject): Promise<void> {
  const reply = await requests.create(CRDS, body);
  expect(message(reply)).toBe("");
  await established();
}

function established(): Promise<unknown> {
  return cluster.until((now) =>
    now
      .list("apiextensions.k8s.io/customresourcedefinitions")
      .every((crd) =>
        listAt(crd, "status", "conditions").some(
          (one) => at(one, "type") === "Established" && at(one, "status") === "True",
        ),
      ),
  );
}

function gadget(spec: Json, name = "g"): JsonObject {
  return { apiVersion: "x.dev/v1", kind: "Gadget", metadata: { name }, spec };
}

describe("schemas", () => {
  const SCHEMA: JsonObject = {
    type: "object",
    required: ["size"],
    properties: {
      size: { type: "integer", minimum: 1, maximum: 9 },
      name: { type: "string", pattern: "^[a-z]+$", maxLength: 5, minLength: 2 },
      at: { type: "string", format: "date-time" },
      port: { "x-kubernetes-int-or-string": true },
      note: { type: "string", nullable: true, default: "none" },
      tags: { type: "array", "x-kubernetes-list-type": "set", items: { type: "string" }, maxItems: 2 },
      parts: {
        type: "array",
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["id"],
        items: {
          type: "object",
          required: ["id"],
          properties: { id: { type: "string" }, count: { type: "integer", default: 1 } },
        },
      },
      free: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
      map: { type: "object", additionalProperties: { type: "integer" } },
    },
  };

  beforeEach(() => define(definition(SCHEMA)));

  test.each([
    ["missing", {}, "spec.size: Required value"],
    ["too large", { size: 10 }, "spec.size: Invalid value: 10: spec.size in body should be less than or equal to 9"],
    [
      "another type",
      { size: "1" },
      'spec.size: Invalid value: "string": spec.size in body must be of type integer: "string"',
    ],
    ["no integer", { size: 1.5 }, "must be of type integer"],
    ["pattern", { size: 1, name: "AB" }, "spec.name: Invalid value: \"AB\": spec.name in body should match '^[a-z]+$'"],
    ["too long", { size: 1, name: "abcdef" }, "spec.name: Too long: may not be more than 5 bytes"],
    ["too short", { size: 1, name: "a" }, "spec.name in body should be at least 2 chars long"],
    ["no time", { size: 1, at: "today" }, 'spec.at in body must be of type date-time: "today"'],
    ["neither integer nor text", { size: 1, port: true }, "spec.port in body must be of type integer,string"],
    ["twice in a set", { size: 1, tags: ["a", "a"] }, 'spec.tags[1]: Duplicate value: "a"'],
    ["too many", { size: 1, tags: ["a", "b", "c"] }, "spec.tags: Too many: 3: must have at most 2 items"],
    ["a key twice", { size: 1, parts: [{ id: "a" }, { id: "a" }] }, 'spec.parts[1]: Duplicate value: {"id":"a"}'],
    ["a key missing", { size: 1, parts: [{}] }, "spec.parts[0].id: Required value"],
    ["a value in a map", { size: 1, map: { a: "b" } }, "spec.map.a in body must be of type integer"],
    ["null", { size: 1, name: null }, "spec.name"],
  ])("refused: %s", async (_name, spec, expected) => {
    const reply = await requests.create(GADGETS, gadget(spec as Json));
    expect(reply.status).toBe(422);
    expect(message(reply)).toContain(expected);
  });

  test("defaults go deep, unknown fields are pruned, free ones stay, null is kept where it may be", async () => {
    const spec = {
      size: 1,
      parts: [{ id: "a", junk: 1 }],
      free: { any: { thing: [1] } },
      map: { k: 1 },
      port: "http",
      colour: "red",
    };
    const { body, warning } = await requests.create(GADGETS, gadget(spec));
    expect(body["spec"]).toEqual({
      size: 1,
      note: "none",
      parts: [{ id: "a", count: 1 }],
      free: { any: { thing: [1] } },
      map: { k: 1 },
      port: "http",
    });
    expect(warning).toContain('unknown field \\"spec.colour\\"');
    const nulled = await requests.create(GADGETS, gadget({ size: 1, note: null }, "n"));
    expect(at(nulled.body, "spec", "note")).toBeNull();
  });
});

describe("rules", () => {
  test("transition rules compare with what was, messages are computed, every rule is told", async () => {
    await define(
      definition({
        type: "object",
        "x-kubernetes-validations": [
          {
            rule: "self.min <= self.max",
            messageExpression: "'min ' + string(self.min) + ' is above max ' + string(self.max)",
          },
        ],
        properties: {
          min: { type: "integer", default: 0 },
          max: { type: "integer", default: 9 },
          fixed: {
            type: "string",
            "x-kubernetes-validations": [
              { rule: "self == oldSelf", message: "is immutable", reason: "FieldValueForbidden" },
            ],
          },
          names: {
            type: "array",
            items: {
              type: "string",
              "x-kubernetes-validations": [{ rule: "self.startsWith('a')", message: "must begin with a" }],
            },
          },
        },
      }),
    );
    const bad = await requests.create(GADGETS, gadget({ min: 5, max: 3, names: ["ab", "b"] }));
    expect(message(bad)).toBe(
      'Gadget.x.dev "g" is invalid: [spec: Invalid value: min 5 is above max 3, spec.names[1]: Invalid value: must begin with a]',
    );
    await requests.create(GADGETS, gadget({ fixed: "x" }));
    const changed = await requests.patch("merge", `${GADGETS}/g`, { spec: { fixed: "y" } });
    expect(message(changed)).toBe('Gadget.x.dev "g" is invalid: spec.fixed: Forbidden: is immutable');
    expect((await requests.patch("merge", `${GADGETS}/g`, { spec: { min: 1 } })).status).toBe(200);
  });

  test.each([
    ["has", "!has(self.a) || has(self.b)", { a: "x" }],
    ["all", "self.list.all(x, x.size() < 3)", { list: ["abcd"] }],
    ["exists_one", "self.list.exists_one(x, x == 'a')", { list: ["a", "a"] }],
    ["in", "self.a in ['p', 'q']", { a: "x" }],
    ["ternary", "has(self.b) ? self.a == self.b : self.a == 'p'", { a: "x", b: "y" }],
    ["matches", "self.a.matches('^[0-9]+$')", { a: "x" }],
    ["numbers", "self.n % 2 == 0 && self.n * 2 < 10", { n: 5 }],
    ["duration", "duration(self.a) <= duration('1s')", { a: "2s" }],
  ])("CEL: %s", async (_name, rule, wrong) => {
    const text = { type: "string" };
    const properties = { a: text, b: text, n: { type: "integer" }, list: { type: "array", items: text } };
    await define(definition({ type: "object", properties, "x-kubernetes-validations": [{ rule }] }));
    const reply = await requests.create(GADGETS, gadget(wrong as Json));
    expect(message(reply)).toBe(`Gadget.x.dev "g" is invalid: spec: Invalid value: failed rule: ${rule}`);
  });
});

describe("definitions", () => {
  test.each<[string, JsonObject, string]>([
    [
      "without a type",
      { properties: {} },
      "properties[spec].type: Required value: must not be empty for specified object fields",
    ],
    ["with $ref", { type: "object", $ref: "#/x" }, "$ref: Forbidden: $ref is not supported"],
    ["an array without items", { type: "array" }, "items: Required value: must be specified"],
    [
      "a map list without keys",
      { type: "array", items: { type: "object" }, "x-kubernetes-list-type": "map" },
      "x-kubernetes-list-map-keys: Required value",
    ],
    [
      "a rule that is none",
      { type: "object", "x-kubernetes-validations": [{ rule: "self.a +" }] },
      "x-kubernetes-validations[0].rule: Invalid value",
    ],
  ])("refused: %s", async (_name, spec, expected) => {
    const reply = await requests.create(CRDS, definition(spec));
    expect(reply.status).toBe(422);
    expect(message(reply)).toContain(expected);
  });

  test("a name that is not plural.group is refused", async () => {
    const reply = await requests.create(CRDS, { ...definition({ type: "object" }), metadata: { name: "x" } });
    expect(message(reply)).toContain('metadata.name: Invalid value: "x": must be spec.names.plural+"."+spec.group');
  });

  test("conditions tell that it is accepted and established", async () => {
    await define(definition({ type: "object" }));
    const { body } = await requests.get(`${CRDS}/gadgets.x.dev`);
    expect(listAt(body, "status", "conditions").map((one) => [at(one, "type"), at(one, "status")])).toEqual([
      ["NamesAccepted", "True"],
      ["Established", "True"],
    ]);
    expect(at(body, "status", "acceptedNames", "shortNames")).toEqual(["gd"]);
  });

  test("an object is served in every version, stored in one", async () => {
    const schema = {
      openAPIV3Schema: {
        type: "object",
        properties: { spec: { type: "object", properties: { a: { type: "string" } } } },
      },
    };
    const version = (name: string, storage: boolean): Json => ({ name, served: true, storage, schema });
    await define(definition({}, [version("v1", true), version("v1beta1", false)]));
    await requests.create(GADGETS, gadget({ a: "x" }));
    const old = await requests.get("/apis/x.dev/v1beta1/namespaces/shop/gadgets/g");
    expect([old.body["apiVersion"], old.body["spec"]]).toEqual(["x.dev/v1beta1", { a: "x" }]);
    expect(cluster.read("x.dev/gadgets", "g", "shop")?.apiVersion).toBe("x.dev/v1");
  });

  test("a changed schema is in force for the next write", async () => {
    await define(definition({ type: "object", properties: { a: { type: "string" } } }));
    const { body } = await requests.get(`${CRDS}/gadgets.x.dev`);
    const changed = {
      ...body,
      spec: definition({ type: "object", properties: { a: { type: "string" }, b: { type: "string" } } })["spec"],
    };
    expect(message(await requests.replace(`${CRDS}/gadgets.x.dev`, changed as JsonObject))).toBe("");
    await expect
      .poll(async () => (await requests.create(`${GADGETS}?dryRun=All`, gadget({ b: "x" }))).body["spec"])
      .toEqual({ b: "x" });
  });

  test("deleting it deletes its objects and serves it no longer", async () => {
    await define(definition({ type: "object" }));
    await requests.create(GADGETS, gadget({}));
    await requests.delete(`${CRDS}/gadgets.x.dev`);
    await cluster.until(
      (now) => now.read("apiextensions.k8s.io/customresourcedefinitions", "gadgets.x.dev") === undefined,
    );
    expect((await requests.get(GADGETS)).body["text"]).toBe("404 page not found\n");
    expect(cluster.list("x.dev/gadgets")).toEqual([]);
  });
});

test("without a status subresource the status is part of the object", async () => {
  const schema = {
    openAPIV3Schema: {
      type: "object",
      properties: { status: { type: "object", properties: { a: { type: "string" } } } },
    },
  };
  await define(definition({}, [{ name: "v1", served: true, storage: true, schema }]));
  const { body } = await requests.create(GADGETS, { ...gadget({}), status: { a: "x" } });
  expect(body["status"]).toEqual({ a: "x" });
  expect((await requests.patch("merge", `${GADGETS}/g/status`, { status: {} })).status).toBe(404);
});

test("a status that is applied belongs to its applier and touches nothing else", async () => {
  const schema: JsonObject = { type: "object", properties: { size: { type: "integer" } } };
  const status: JsonObject = {
    type: "object",
    properties: {
      conditions: {
        type: "array",
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["type"],
        items: { type: "object", properties: { type: { type: "string" }, status: { type: "string" } } },
      },
    },
  };
  const openAPIV3Schema = { type: "object", properties: { spec: schema, status } };
  const version = {
    name: "v1",
    served: true,
    storage: true,
    schema: { openAPIV3Schema },
    subresources: { status: {} },
  };
  await define(definition({}, [version]));
  await requests.create(GADGETS, gadget({ size: 1 }));
  const applyStatus = (manager: string, type: string): Promise<Reply> =>
    requests.patch("apply", `${GADGETS}/g/status?fieldManager=${manager}`, {
      ...gadget({ size: 9 }),
      status: { conditions: [{ type, status: "True" }] },
    });
  await applyStatus("one", "Ready");
  const { body } = await applyStatus("two", "Synced");
  expect(body["message"]).toBeUndefined();
  expect([at(body, "spec", "size"), at(body, "metadata", "generation")]).toEqual([1, 1]);
  expect(listAt(body, "status", "conditions").map((one) => at(one, "type"))).toEqual(["Ready", "Synced"]);
  expect(listAt(body, "metadata", "managedFields").map((one) => [at(one, "manager"), at(one, "subresource")])).toEqual([
    ["one", "status"],
    ["two", "status"],
    ["unknown", undefined],
  ]);
});

test("what was defined before the end of a cluster is served by the next on the same file", async () => {
  const folder = await mkdtemp(join(tmpdir(), "simulated-cluster-"));
  const stateFile = join(folder, "state");
  const before = await SimulatedCluster.start({ tls: false, namespaces: ["shop"], establishAfterMs: 0, stateFile });
  const client = new ClusterRequests(before);
  await client.create(CRDS, definition({ type: "object" }));
  before.establish("gadgets.x.dev");
  await client.create(GADGETS, gadget({}));
  await before.close();
  const after = await SimulatedCluster.start({ tls: false, stateFile });
  expect((await new ClusterRequests(after).get(`${GADGETS}/g`)).status).toBe(200);
  await after.close();
  await rm(folder, { recursive: true });
});
