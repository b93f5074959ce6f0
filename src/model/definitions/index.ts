/**
 * The CustomResourceDefinitions of Tandem's own kinds, made from their one Zod definition each.
 * @module
 */
import type { z } from "zod";
import { FailoverPolicy, Site, Switch } from "../kinds/index.ts";
import { type CelRule, structuralSchema, type StructuralSchema } from "./structural-schema.ts";

/** A column of `kubectl get`. */
interface PrinterColumn {
  readonly name: string;
  readonly type: "string" | "integer" | "date";
  readonly jsonPath: string;
  readonly description: string;
}

/** What a definition has besides its schema. */
interface DefinedKind {
  readonly spec: z.ZodType;
  readonly plural: string;
  readonly scope: "Namespaced" | "Cluster";
  readonly shortNames: readonly string[];
  readonly columns: readonly PrinterColumn[];
  /** What the schema's keywords cannot say, by the path of the value under `spec`; empty for `spec` itself. */
  readonly rules: readonly (CelRule & { readonly at: string })[];
  /** Lists whose items have a key of their own, by path under `spec`. */
  readonly lists: readonly { readonly at: string; readonly keys: readonly string[] }[];
}

const AGE: PrinterColumn = {
  name: "Age",
  type: "date",
  jsonPath: ".metadata.creationTimestamp",
  description: "Since when it exists.",
};

const KINDS_DEFINED = {
  FailoverPolicy: {
    spec: FailoverPolicy.shape.spec,
    plural: "failoverpolicies",
    scope: "Namespaced",
    shortNames: ["fop"],
    columns: [
      { name: "Mode", type: "string", jsonPath: ".spec.mode", description: "Direct or Gateway." },
      { name: "Serving", type: "string", jsonPath: ".status.servingSite", description: "The site that serves." },
      { name: "Healthy", type: "string", jsonPath: ".status.healthy", description: "Healthy endpoints of this site." },
      { name: "Standby", type: "string", jsonPath: ".status.standby", description: "Sites that could take over." },
      {
        name: "Last-Failover",
        type: "date",
        jsonPath: ".status.lastFailover.at",
        description: "When it failed over last.",
      },
      AGE,
    ],
    rules: [
      {
        at: "healthCheck",
        rule: "!(has(self.http) && has(self.tcp))",
        message: "has both http and tcp; keep one",
      },
      {
        at: "healthCheck",
        rule: "!has(self.interval) || duration(self.interval) >= duration('50ms')",
        message: "interval is below 50ms, more than pods should bear",
      },
      {
        at: "healthCheck",
        rule: "!has(self.timeout) || duration(self.timeout) >= duration('10ms')",
        message: "timeout is below 10ms, shorter than a busy machine can keep",
      },
      {
        at: "healthCheck.tcp",
        rule: "has(self.send) == has(self.receive)",
        message: "needs both send and receive, or neither",
      },
    ],
    lists: [{ at: "sites", keys: ["name"] }],
  },
  Switch: {
    spec: Switch.shape.spec,
    plural: "switches",
    scope: "Namespaced",
    shortNames: [],
    columns: [
      { name: "Service", type: "string", jsonPath: ".spec.targetRef.name", description: "The Service." },
      { name: "To", type: "string", jsonPath: ".spec.to", description: "The site that is to serve it." },
      { name: "Until", type: "date", jsonPath: ".spec.until", description: "When it ends." },
      { name: "Reason", type: "string", jsonPath: ".spec.reason", description: "What the person said." },
      AGE,
    ],
    rules: [],
    lists: [],
  },
  Site: {
    spec: Site.shape.spec,
    plural: "sites",
    scope: "Cluster",
    shortNames: [],
    columns: [AGE],
    rules: [],
    lists: [{ at: "gateways", keys: ["name"] }],
  },
} as const satisfies Readonly<Record<string, DefinedKind>>;

/** Kinds that Tandem defines. */
export type DefinedKindName = keyof typeof KINDS_DEFINED;

/** apiextensions.k8s.io/v1 CustomResourceDefinition, as Tandem writes it. */
export interface CustomResourceDefinition {
  readonly apiVersion: "apiextensions.k8s.io/v1";
  readonly kind: "CustomResourceDefinition";
  readonly metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>> };
  readonly spec: Readonly<Record<string, unknown>>;
}

/** All definitions, in the order in which they are installed. */
export function customResourceDefinitions(): readonly CustomResourceDefinition[] {
  return (Object.keys(KINDS_DEFINED) as DefinedKindName[]).map(definition);
}

function definition(kind: DefinedKindName): CustomResourceDefinition {
  const defined: DefinedKind = KINDS_DEFINED[kind];
  const singular = kind.toLowerCase();
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: {
      name: `${defined.plural}.tandem.dev`,
      labels: { "app.kubernetes.io/part-of": "tandem" },
    },
    spec: {
      group: "tandem.dev",
      scope: defined.scope,
      names: {
        kind,
        listKind: `${kind}List`,
        plural: defined.plural,
        singular,
        ...(defined.shortNames.length === 0 ? {} : { shortNames: defined.shortNames }),
        categories: ["tandem"],
      },
      versions: [
        {
          name: "v1alpha1",
          served: true,
          storage: true,
          subresources: { status: {} },
          additionalPrinterColumns: defined.columns,
          schema: {
            openAPIV3Schema: {
              type: "object",
              required: ["spec"],
              properties: {
                spec: specSchema(defined),
                // Written by the controller alone, and read by nobody who could be harmed by a field it does not know.
                status: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
              },
            },
          },
        },
      ],
    },
  };
}

function specSchema({ spec, rules, lists }: DefinedKind): StructuralSchema {
  let schema = structuralSchema(spec);
  for (const { at, keys } of lists)
    schema = changeAt(schema, at, (list) => ({
      ...list,
      "x-kubernetes-list-type": "map",
      "x-kubernetes-list-map-keys": keys,
    }));
  for (const { at, rule, message } of rules)
    schema = changeAt(schema, at, (value) => ({
      ...value,
      "x-kubernetes-validations": [...(value["x-kubernetes-validations"] ?? []), { rule, message }],
    }));
  return schema;
}

/** The schema with the one at a dotted path of properties changed. */
function changeAt(
  schema: StructuralSchema,
  path: string,
  change: (at: StructuralSchema) => StructuralSchema,
): StructuralSchema {
  if (path === "") return change(schema);
  const [name = "", ...rest] = path.split(".");
  const property = schema.properties?.[name];
  if (property === undefined) throw new Error(`there is no property ${name}`);
  return { ...schema, properties: { ...schema.properties, [name]: changeAt(property, rest.join("."), change) } };
}
