import { describe, expect, test } from "vitest";
import { customResourceDefinitions } from "../../model/definitions/index.ts";
import type { JsonObject } from "../../../test/kube/api/json.ts";
import type { Schema } from "../../../test/kube/schema/schema.ts";
import { EXAMPLE } from "../../../test/install/example.ts";
import { strictProblems } from "../../../test/install/strict-schema.ts";
import { heldRecord } from "./guard.ts";
import { installedObjects, type InstalledObject, type InstallOptions } from "./index.ts";

const VARIANTS: readonly (readonly [string, InstallOptions])[] = [
  ["an installation", EXAMPLE],
  ["one that is limited to namespaces", { ...EXAMPLE, namespaces: ["shop", "pay"] }],
  [
    "one with one gateway, on a port of the nodes, without labels, in a namespace of another name",
    {
      ...EXAMPLE,
      labels: {},
      gateways: 1,
      namespace: "failover",
      serviceType: "NodePort",
      advertised: [{ name: "gateway-1", address: "2001:db8::1", port: 30_443 }],
    },
  ],
];

const named = (objects: readonly InstalledObject[]): readonly (readonly [string, InstalledObject])[] =>
  objects.map((object) => [`${object.kind} ${object.metadata.name}`, object]);

/** The schema of a custom object, from its definition. */
function customSchema({ kind }: InstalledObject): Schema | undefined {
  const found = customResourceDefinitions().find(({ spec }) => (spec["names"] as { kind: string }).kind === kind);
  const versions = (found?.spec["versions"] ?? []) as { schema: { openAPIV3Schema: Schema } }[];
  return versions[0]?.schema.openAPIV3Schema;
}

describe.each(VARIANTS)("%s", (_what, options) => {
  const objects = installedObjects(options);

  test.each(named(objects))("%s is what an API server takes, without an unknown field", (_name, object) => {
    const json = JSON.parse(JSON.stringify(object)) as JsonObject;
    expect(strictProblems(json, customSchema(object))).toEqual([]);
  });

  test("every object is of the installation, and there once", () => {
    const places = objects.map(({ kind, metadata }) => `${kind} ${metadata.namespace ?? ""}/${metadata.name}`);
    expect(new Set(places).size).toBe(places.length);
    for (const { metadata } of objects)
      expect(metadata.labels).toMatchObject({ "tandem.dev/installation": options.namespace });
  });
});

test("the strict check finds unknown fields, wrong types, missing ones and values that are none", () => {
  const wrong = JSON.parse(JSON.stringify(installedObjects(EXAMPLE).find(({ kind }) => kind === "Deployment"))) as {
    spec: { replicas: unknown; selector?: unknown; template: { spec: { containers: JsonObject[] } } };
  };
  wrong.spec.replicas = "2";
  delete wrong.spec.selector;
  const [container = {}] = wrong.spec.template.spec.containers;
  container["privileged"] = true;
  const problems = strictProblems(wrong as unknown as JsonObject);
  expect(problems.map((problem) => problem.split(":")[0])).toEqual([
    'unknown field "spec.template.spec.containers[0].privileged"',
    "spec.replicas",
    "spec.selector",
  ]);
});

const objects = installedObjects(EXAMPLE);

/** A container as far as it is looked at. */
interface Container {
  readonly name: string;
  readonly restartPolicy?: string;
  readonly securityContext: object;
  readonly volumeMounts: readonly { readonly name: string }[];
}

/** A Deployment as far as it is looked at. */
interface Deployment {
  readonly strategy: { readonly rollingUpdate: object };
  readonly template: {
    readonly spec: Readonly<Record<string, unknown>> & {
      readonly volumes: readonly object[];
      readonly initContainers?: readonly Container[];
      readonly containers: readonly Container[];
    };
  };
}

function deployment(name: string): Deployment {
  const found = objects.find(({ kind, metadata }) => kind === "Deployment" && metadata.name === name);
  if (found === undefined) throw new Error(`no Deployment ${name}`);
  return found["spec"] as Deployment;
}

describe("permissions", () => {
  const rules = objects.flatMap((object) =>
    ((object["rules"] ?? []) as Record<string, string[]>[]).map((rule) => ({ of: object, rule })),
  );

  test("have no wildcard", () => {
    expect(rules.filter(({ rule }) => Object.values(rule).flat().includes("*"))).toEqual([]);
  });

  test("reach Secrets in Tandem's own namespace only, and by name but to create one", () => {
    const secrets = rules.filter(({ rule }) => rule["resources"]?.includes("secrets"));
    expect(secrets.map(({ of }) => [of.kind, of.metadata.namespace, of.metadata.name])).toEqual(
      secrets.map(() => ["Role", "tandem-system", "tandem-controller"]),
    );
    expect(secrets.filter(({ rule }) => rule["resourceNames"] === undefined).map(({ rule }) => rule["verbs"])).toEqual([
      ["create"],
    ]);
  });

  test("of gateways write nothing but Leases in Tandem's namespace", () => {
    const writes = rules.filter(
      ({ of, rule }) =>
        of.metadata.name === "tandem-gateway" &&
        rule["verbs"]?.some((verb) => !["get", "list", "watch"].includes(verb)),
    );
    expect(writes.map(({ of, rule }) => [of.kind, of.metadata.namespace, rule["resources"]])).toEqual([
      ["Role", "tandem-system", ["leases"]],
    ]);
  });

  test("limited to namespaces let Services be written there and nowhere else", () => {
    const limited = installedObjects({ ...EXAMPLE, namespaces: ["shop", "pay"] });
    const bindings = limited.filter(({ metadata }) => metadata.name === "tandem-controller-services");
    expect(bindings.map(({ kind, metadata }) => [kind, metadata.namespace])).toEqual([
      ["ClusterRole", undefined],
      ["RoleBinding", "shop"],
      ["RoleBinding", "pay"],
    ]);
  });
});

describe("pods", () => {
  const pods = ["tandem-controller", "tandem-gateway"].map((name) => deployment(name).template.spec);
  const containers = pods.flatMap(({ initContainers = [], containers: main }) => [...initContainers, ...main]);

  test("meet the Pod Security Standard `restricted`", () => {
    for (const { securityContext, volumes, hostNetwork, hostPID } of pods) {
      expect(securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } });
      expect([hostNetwork, hostPID]).toEqual([undefined, undefined]);
      const kinds = volumes.flatMap((volume) => Object.keys(volume).filter((key) => key !== "name"));
      expect(kinds).toEqual(["emptyDir", "projected"]);
    }
    for (const { securityContext } of containers)
      expect(securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ["ALL"] },
      });
  });

  test("give the API server's token to the containers that ask one, and never to Envoy", () => {
    const mounts = containers.map(({ name, volumeMounts }) => [name, volumeMounts.map((one) => one.name)]);
    expect(mounts).toEqual([
      ["controller", ["state", "credentials"]],
      ["agent", ["state", "credentials"]],
      ["envoy", ["state"]],
    ]);
    expect(pods.map(({ automountServiceAccountToken }) => automountServiceAccountToken)).toEqual([false, false]);
  });
});

test("gateways are rolled out without one less, and end after Envoy has drained", () => {
  const { strategy, template } = deployment("tandem-gateway");
  expect(strategy.rollingUpdate).toEqual({ maxUnavailable: 0, maxSurge: 1 });
  // Drain: 1 s, 10 to 20 s and at most 33 s; then Envoy's end, 5 s. See src/apps/gateway.
  expect(template.spec["terminationGracePeriodSeconds"]).toBeGreaterThan(59);
  // A sidecar: Kubernetes ends it after the containers, so that the agent is there to tell peers of the drain.
  expect(template.spec.initContainers?.map(({ restartPolicy }) => restartPolicy)).toEqual(["Always"]);
});

test("what is held is told with its number and the first ten names", () => {
  const keys = Array.from({ length: 12 }, (_, index) => `shop/web-${String(index).padStart(2, "0")}` as const);
  expect(heldRecord(keys.toReversed())).toEqual({
    count: "12",
    services: `${keys.slice(0, 10).join(", ")} and 2 more`,
  });
  expect(heldRecord([])).toEqual({ count: "0", services: "" });
});
