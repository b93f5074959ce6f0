import { describe, expect, test } from "vitest";
import { z } from "zod";
import { customResourceDefinitions } from "./index.ts";
import { type StructuralSchema, structuralSchema } from "./structural-schema.ts";

/** The schema of a kind's spec. */
function specOf(kind: string): StructuralSchema {
  const found = customResourceDefinitions().find(({ spec }) => (spec["names"] as { kind: string }).kind === kind);
  const [version] = (found?.spec["versions"] ?? []) as { schema: { openAPIV3Schema: StructuralSchema } }[];
  const spec = version?.schema.openAPIV3Schema.properties?.["spec"];
  if (spec === undefined) throw new Error(`no schema of ${kind}`);
  return spec;
}

/** Every schema within one, itself included, with its path. */
function* parts(schema: StructuralSchema, path = "spec"): Generator<readonly [string, StructuralSchema]> {
  yield [path, schema];
  for (const [name, property] of Object.entries(schema.properties ?? {})) yield* parts(property, `${path}.${name}`);
  if (schema.items !== undefined) yield* parts(schema.items, `${path}[]`);
  if (schema.additionalProperties !== undefined) yield* parts(schema.additionalProperties, `${path}.*`);
}

describe.each(["FailoverPolicy", "Switch", "Site"])("the definition of %s", (kind) => {
  test("is structural: every value has a type, or is a number or text, and objects have fields or values", () => {
    for (const [path, schema] of parts(specOf(kind))) {
      const isPort = schema["x-kubernetes-int-or-string"] === true;
      expect([path, schema.type !== undefined || isPort]).toEqual([path, true]);
      expect([path, schema.properties !== undefined && schema.additionalProperties !== undefined]).toEqual([
        path,
        false,
      ]);
    }
  });

  test("limits every text and list, so that rules cannot cost more than API servers allow", () => {
    const unlimited = [...parts(specOf(kind))].filter(
      ([, { type, enum: values, maxItems, maxLength, pattern, format }]) =>
        (type === "array" && maxItems === undefined) ||
        (type === "string" &&
          values === undefined &&
          maxLength === undefined &&
          pattern === undefined &&
          format === undefined),
    );
    expect(unlimited.map(([path]) => path)).toEqual([]);
  });
});

test("a policy has its short name, its category and the columns that people look at", () => {
  const [policy] = customResourceDefinitions();
  expect(policy?.metadata.name).toBe("failoverpolicies.tandem.dev");
  expect(policy?.spec["names"]).toMatchObject({ shortNames: ["fop"], categories: ["tandem"] });
  const [version] = (policy?.spec["versions"] ?? []) as { additionalPrinterColumns: { name: string }[] }[];
  const columns = version?.additionalPrinterColumns.map(({ name }) => name.toUpperCase());
  expect(columns).toEqual(["MODE", "SERVING", "HEALTHY", "STANDBY", "LAST-FAILOVER", "AGE"]);
});

test("defaults, bounds, patterns and rules are those of the Zod definition", () => {
  const spec = specOf("FailoverPolicy");
  expect(spec.properties?.["minHealthyPercent"]).toEqual({ type: "integer", default: 50, minimum: 1, maximum: 100 });
  expect(spec.properties?.["sites"]).toMatchObject({
    "x-kubernetes-list-type": "map",
    "x-kubernetes-list-map-keys": ["name"],
  });
  expect(spec.properties?.["retry"]?.properties?.["perTryTimeout"]).toMatchObject({ type: "string", default: "1s" });
  expect(spec.properties?.["healthCheck"]?.properties?.["tcp"]?.["x-kubernetes-validations"]).toHaveLength(1);
});

test.each([
  ["a union of other types", z.union([z.string(), z.boolean()])],
  ["what has no word in a structural schema", z.tuple([z.string(), z.number()])],
])("%s is refused when the definition is made, not by an API server", (_what, schema) => {
  expect(() => structuralSchema(z.object({ field: schema }))).toThrow(".field");
});
