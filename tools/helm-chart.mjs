/**
 * `npm run helm-chart`: writes the Helm chart in deploy/helm/tandem from what `tandem install` applies.
 *
 * Usage: `node tools/helm-chart.mjs`
 * @module
 */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Document, isScalar, visit } from "yaml";
import { z } from "zod";
import { VERSION } from "../src/apps/cli/version.ts";
import { installedObjects, SERVICE_TYPES } from "../src/core/install/index.ts";
import { customResourceDefinitions } from "../src/model/definitions/index.ts";
import { DnsLabel, Site } from "../src/model/kinds/index.ts";

/** @typedef {import("../src/core/install/index.ts").InstalledObject} InstalledObject */

/** Where the chart is. */
export const CHART = join(dirname(dirname(fileURLToPath(import.meta.url))), "deploy", "helm", "tandem");

/** A value that a template fills in, as text inside the objects until they are written. */
const SLOT = /@\[(.+?)\]@/g;
/** @param {string} expression */
const slot = (expression) => `@[${expression}]@`;

/** Objects as a template: what depends on values is a slot. A number would not hold one, so types are bent here. */
function slottedObjects() {
  /** @type {any} */
  const options = {
    site: slot("$.Values.site"),
    labels: slot("toJson $.Values.labels"),
    advertised: [],
    gateways: slot("toJson $.Values.gateways"),
    namespace: slot("$.Release.Namespace"),
    namespaces: [slot(".")],
    image: slot("$.Values.image"),
    serviceType: slot("$.Values.serviceType"),
  };
  const everywhere = installedObjects({ ...options, namespaces: undefined });
  const limited = installedObjects(options).filter(({ kind, metadata }) =>
    isBindingOfServices({ kind, metadata }, "RoleBinding"),
  );
  return { everywhere, limited };
}

/** @param {Pick<InstalledObject, "kind" | "metadata">} object @param {string} wanted */
function isBindingOfServices({ kind, metadata }, wanted) {
  return kind === wanted && metadata.name === "tandem-controller-services";
}

/** What only the template of a kind has. @param {InstalledObject} object @returns {object} */
function withLists(object) {
  const spec = /** @type {Record<string, any>} */ (object["spec"]);
  if (object.kind === "Site") return { ...object, spec: { ...spec, gateways: slot("toJson $.Values.advertise") } };
  if (object.kind !== "Service" || object.metadata.name !== "tandem-gateway") return object;
  const [port] = spec["ports"];
  return { ...object, spec: { ...spec, ports: [{ ...port, nodePort: slot("toJson $.Values.nodePort") }] } };
}

/**
 * An object as YAML with Helm's expressions. What is all slot is written as it is, for lists and numbers; text around or
 * in place of a name is quoted, so that a site may be called `on`.
 * @param {object} object
 */
function template(object) {
  const document = new Document(object, { version: "1.1", aliasDuplicateObjects: false });
  visit(document, {
    Scalar(_key, node) {
      if (!isScalar(node) || typeof node.value !== "string" || !node.value.includes("@[")) return;
      node.type = node.value.startsWith("@[toJson ") ? "PLAIN" : "QUOTE_DOUBLE";
    },
  });
  // Reserved characters keep the library from writing a slot plain: it is quoted and the quotes go here.
  return document
    .toString({ lineWidth: 0 })
    .replaceAll(/["'](@\[toJson [^\]]+\]@)["']/g, "$1")
    .replaceAll(SLOT, "{{ $1 }}");
}

/** @param {readonly object[]} objects */
const templates = (objects) => objects.map((object) => template(object)).join("---\n");

/** Templates by kind, in files by what they are about. */
function templateFiles() {
  const { everywhere, limited } = slottedObjects();
  const all = everywhere
    .filter(({ kind }) => kind !== "Namespace" && kind !== "CustomResourceDefinition")
    .map((object) => withLists(object));
  /** @param {readonly string[]} kinds */
  const of = (...kinds) =>
    all.filter((object) => {
      const { kind, metadata } = /** @type {InstalledObject} */ (object);
      return kinds.includes(kind) && !isBindingOfServices({ kind, metadata }, "ClusterRoleBinding");
    });
  const bindingEverywhere = everywhere.filter((object) => isBindingOfServices(object, "ClusterRoleBinding"));
  return {
    "permissions.yaml": templates(of("ServiceAccount", "ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding")),
    "service-permissions.yaml": [
      "{{- if $.Values.namespaces }}\n",
      "{{- range $.Values.namespaces }}\n",
      "---\n",
      templates(limited),
      "{{- end }}\n",
      "{{- else }}\n",
      templates(bindingEverywhere),
      "{{- end }}\n",
    ].join(""),
    "guard.yaml": templates(of("ConfigMap", "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding")),
    "network.yaml": templates(of("NetworkPolicy", "Service")),
    "workloads.yaml": templates(of("PodDisruptionBudget", "Deployment")),
    "site.yaml": templates(of("Site")),
  };
}

/** What `values.yaml` may have: the definition of `Site`, as far as it is about it. */
function valuesSchema() {
  const site = Site.shape.spec.shape;
  return z.toJSONSchema(
    z.strictObject({
      site: DnsLabel,
      advertise: site.gateways,
      labels: site.labels,
      gateways: z.int().min(1).max(32),
      namespaces: z.array(DnsLabel),
      image: z.string().min(1),
      serviceType: z.enum(SERVICE_TYPES),
      // Helm leaves out what is null.
      nodePort: z.int().min(1).max(65_535).nullish(),
      global: z.looseObject({}).optional(),
    }),
    { io: "input", target: "draft-7" },
  );
}

const VALUES = `# What \`tandem install\` takes as options. The namespace is Helm's: --namespace tandem-system --create-namespace.

# Name of the site that the cluster is. Required.
site: ""

# Where other sites reach the gateways. Required.
#   - {name: gateway-1, address: 203.0.113.10, port: 15443}
advertise: []

# Failure domains of the site, e.g. region: eu-west.
labels: {}

# How many gateways run.
gateways: 2

# Namespaces in which Services may be switched; all when empty.
namespaces: []

# Image of every process.
image: tandem:${VERSION}

# Of the Service for other sites: LoadBalancer, NodePort or ClusterIP; and its port on the nodes, if it has to be a certain one.
serviceType: LoadBalancer
nodePort: null
`;

/** The chart's files by their path. @returns {Record<string, string>} */
export function chartFiles() {
  const metadata = {
    apiVersion: "v2",
    name: "tandem",
    description: "Gives every service a second home in another site, and uses it when the first one breaks",
    type: "application",
    version: VERSION,
    appVersion: VERSION,
    // Sidecars that outlive their pod's containers, and ValidatingAdmissionPolicies.
    kubeVersion: ">=1.30.0-0",
  };
  const files = Object.entries(templateFiles()).map(([name, text]) => [`templates/${name}`, text]);
  return {
    "Chart.yaml": template(metadata),
    "values.yaml": VALUES,
    "values.schema.json": `${JSON.stringify(valuesSchema(), undefined, 2)}\n`,
    "crds/definitions.yaml": templates(customResourceDefinitions()),
    ...Object.fromEntries(files),
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  rmSync(CHART, { recursive: true, force: true });
  for (const [path, text] of Object.entries(chartFiles())) {
    mkdirSync(dirname(join(CHART, path)), { recursive: true });
    writeFileSync(join(CHART, path), text);
  }
  console.log(`wrote ${CHART}`);
}
