import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { z } from "zod";
import { installedObjects, type InstallOptions } from "../../src/core/install/index.ts";
import { CHART, chartFiles } from "../../tools/helm-chart.mjs";
import { isObject, type Json, type JsonObject } from "../kube/api/json.ts";
import { EXAMPLE } from "./example.ts";
import { renderTemplate } from "./render-chart.ts";

const files = chartFiles();
const defaults = parse(files["values.yaml"] ?? "") as JsonObject;

test("the chart in the repository is what npm run helm-chart writes", () => {
  const present = readdirSync(CHART, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(CHART.length + 1));
  expect(present.toSorted()).toEqual(Object.keys(files).toSorted());
  for (const [path, text] of Object.entries(files)) expect(readFileSync(join(CHART, path), "utf8")).toBe(text);
});

/** The values that mean the same as options. */
function valuesOf({ site, labels, advertised, gateways, namespaces, image, serviceType }: InstallOptions): JsonObject {
  const given = { site, labels, advertise: advertised, gateways, namespaces: namespaces ?? [], image, serviceType };
  return { ...defaults, ...(JSON.parse(JSON.stringify(given)) as JsonObject) };
}

describe.each([
  ["for everything", EXAMPLE],
  ["limited to namespaces", { ...EXAMPLE, namespaces: ["shop", "pay"], gateways: 3 }],
  [
    "of a site whose name and labels look like something else",
    { ...EXAMPLE, site: "on", labels: { tier: "no", n: "1" } },
  ],
  ["in another namespace, without labels", { ...EXAMPLE, namespace: "failover", labels: {}, serviceType: "NodePort" }],
] as const satisfies readonly (readonly [string, InstallOptions])[])("an installation %s", (_what, options) => {
  const rendered = Object.entries(files)
    .filter(([path]) => path.startsWith("templates/"))
    .flatMap(([, text]) =>
      documents(renderTemplate(text, { values: valuesOf(options), namespace: options.namespace })),
    );

  test("is the same by Helm and by tandem install, but for the namespace, which is Helm's, and the definitions", () => {
    const installed = installedObjects(options)
      .filter(({ kind }) => kind !== "Namespace" && kind !== "CustomResourceDefinition")
      .map((object) => JSON.parse(JSON.stringify(object)) as JsonObject);
    expect(byName(rendered)).toEqual(byName(installed));
  });
});

test("the definitions are those of tandem install", () => {
  const installed = installedObjects(EXAMPLE).filter(({ kind }) => kind === "CustomResourceDefinition");
  const specs = (objects: readonly JsonObject[]): unknown => objects.map(({ spec }) => spec);
  expect(specs(documents(files["crds/definitions.yaml"] ?? ""))).toEqual(
    specs(installed.map((object) => JSON.parse(JSON.stringify(object)) as JsonObject)),
  );
});

test("values are refused by the chart's schema until they name the site and where it is reached", () => {
  const schema = z.fromJSONSchema(
    JSON.parse(files["values.schema.json"] ?? "") as Parameters<typeof z.fromJSONSchema>[0],
  );
  expect(schema.safeParse(valuesOf(EXAMPLE)).error).toBeUndefined();
  const paths = schema.safeParse({ ...defaults, gateway: 3 }).error?.issues.map(({ path }) => path.join("."));
  expect(new Set(paths)).toEqual(new Set(["", "site", "advertise"]));
});

test("a template that this renders wrongly would be refused", () => {
  const input = { values: {}, namespace: "n" };
  for (const text of [
    "{{ .Chart.Name }}",
    "{{ include $.Values.x }}",
    "{{- end }}",
    "{{- range $.Values.x }}{{- end }}",
  ])
    expect(() => renderTemplate(text, input)).toThrow();
});

function documents(text: string): readonly JsonObject[] {
  return parseAllDocuments(text, { version: "1.1" })
    .map((one) => withoutNulls(one.toJS() as Json))
    .filter(isObject);
}

/** API servers take null for nothing. */
function withoutNulls(value: Json): Json {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isObject(value)) return value;
  const present = Object.entries(value).filter(([, entry]) => entry !== null);
  return Object.fromEntries(present.map(([key, entry]) => [key, withoutNulls(entry)]));
}

function byName(objects: readonly JsonObject[]): Readonly<Record<string, JsonObject>> {
  return Object.fromEntries(
    objects.map((object) => {
      const { name, namespace } = object["metadata"] as { name: string; namespace?: string };
      return [`${String(object["kind"] as string)} ${namespace ?? ""}/${name}`, object];
    }),
  );
}
