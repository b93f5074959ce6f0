/**
 * The guard: while a Service is held, an API server refuses to delete what Services could not be released without.
 *
 * A ValidatingAdmissionPolicy sees the object of a request and one parameter. The parameter is the ConfigMap
 * `tandem-held`, which the leading controller keeps: see apps/controller/held-record.ts. It is a rail against mistakes, and
 * up to a second behind: who wants to get past it deletes the policy's binding first.
 * @module
 */
import type { ServiceKey } from "../../model/service-key.ts";
import { componentName, type InstalledObject } from "./installed-object.ts";

/** Name of the ConfigMap in Tandem's namespace that says which Services are held. */
export const HELD_RECORD = "tandem-held";

/** Name of the policy and of its binding. */
const GUARD = "tandem-guard";

/** The other Services are counted. */
const MOST_NAMED = 10;

/** The `data` of the ConfigMap: `count`, which the policy looks at, and for people `services`. */
export function heldRecord(held: readonly ServiceKey[]): { readonly count: string; readonly services: string } {
  const names = held.toSorted();
  const more = names.length - MOST_NAMED;
  const named = names.slice(0, MOST_NAMED).join(", ");
  return { count: String(names.length), services: more > 0 ? `${named} and ${more} more` : named };
}

/** The policy, its binding and its parameter. */
export function guard(
  namespace: string,
  definitions: readonly { readonly metadata: { readonly name: string } }[],
): readonly InstalledObject[] {
  return [heldRecordObject(namespace), policy(namespace, definitions), binding(namespace)];
}

/** Without data: what is in it is the controller's. */
function heldRecordObject(namespace: string): InstalledObject {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name: HELD_RECORD, namespace } };
}

const ADMISSION = "admissionregistration.k8s.io/v1";

function policy(
  namespace: string,
  definitions: readonly { readonly metadata: { readonly name: string } }[],
): InstalledObject {
  const rule = (group: string, version: string, resource: string): Readonly<Record<string, unknown>> => ({
    apiGroups: [group],
    apiVersions: [version],
    operations: ["DELETE"],
    resources: [resource],
    scope: "*",
  });
  // Deletions of collections name no object in the request: what goes is `oldObject`.
  const isOne = (names: readonly string[]): string =>
    `oldObject.metadata.name in [${names.map((name) => `'${name}'`).join(", ")}]`;
  const isOwn = `request.resource.resource in ['deployments', 'configmaps'] && request.namespace == '${namespace}' && ${isOne([componentName("controller"), componentName("gateway"), HELD_RECORD])}`;
  const isNamespace = `request.resource.resource == 'namespaces' && oldObject.metadata.name == '${namespace}'`;
  const isDefinition = `request.resource.resource == 'customresourcedefinitions' && ${isOne(definitions.map(({ metadata }) => metadata.name))}`;
  return {
    apiVersion: ADMISSION,
    kind: "ValidatingAdmissionPolicy",
    metadata: { name: GUARD },
    spec: {
      failurePolicy: "Fail",
      paramKind: { apiVersion: "v1", kind: "ConfigMap" },
      matchConstraints: {
        resourceRules: [
          rule("", "v1", "namespaces"),
          rule("", "v1", "configmaps"),
          rule("apps", "v1", "deployments"),
          rule("apiextensions.k8s.io", "v1", "customresourcedefinitions"),
        ],
      },
      matchConditions: [
        { name: "is-needed-for-a-release", expression: `(${isNamespace}) || (${isOwn}) || (${isDefinition})` },
      ],
      validations: [
        {
          expression: "!has(params.data) || !('count' in params.data) || params.data['count'] == '0'",
          reason: "Forbidden",
          message: "Tandem holds Services that would lead nowhere; release them first with tandem uninstall",
          messageExpression: `'Tandem holds ' + params.data['count'] + ' Service(s) that would lead nowhere without it: ' + ('services' in params.data ? params.data['services'] : '') + '. Remove Tandem with \`tandem uninstall\`, which releases them first. If none is held any more and no controller runs to say so, delete the ValidatingAdmissionPolicyBinding ${GUARD} first'`,
        },
      ],
    },
  };
}

function binding(namespace: string): InstalledObject {
  return {
    apiVersion: ADMISSION,
    kind: "ValidatingAdmissionPolicyBinding",
    metadata: { name: GUARD },
    spec: {
      policyName: GUARD,
      validationActions: ["Deny"],
      // Allow: once the namespace may go, its ConfigMap goes before its Deployments do.
      paramRef: { name: HELD_RECORD, namespace, parameterNotFoundAction: "Allow" },
    },
  };
}
