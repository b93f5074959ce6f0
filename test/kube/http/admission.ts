/**
 * ValidatingAdmissionPolicies, evaluated for deletions.
 * @module
 */
import { ApiError, forbidden } from "../api/api-error.ts";
import { at, isObject, type Json, type JsonObject, listAt, objectAt, textAt, textsAt } from "../api/json.ts";
import { type KubeObject, nameOf, namespaceOf } from "../api/kube-object.ts";
import type { ResourceType } from "../kinds/resource-type.ts";
import { evaluateCel } from "../schema/cel-rules.ts";
import type { ObjectStore } from "../storage/object-store.ts";

const GROUP = "admissionregistration.k8s.io";

/** The one resource that policies may have as parameters here. */
const PARAMETERS: Readonly<Record<string, string>> = { "v1 ConfigMap": "/configmaps" };

/** What `spec` may have here: a policy that has more is not evaluated wrongly but refused. */
const KNOWN = new Set(["failurePolicy", "paramKind", "matchConstraints", "matchConditions", "validations"]);

/** HTTP status by the reason that a validation gives. */
const STATUS: Readonly<Record<string, number>> = { Forbidden: 403, Unauthorized: 401, Invalid: 422 };

/** Checks the deletion of an object by every policy that is bound. @throws ApiError as the real one */
export function admitDeletion(store: ObjectStore, type: ResourceType, object: KubeObject): void {
  // Policies cannot keep themselves from being removed.
  if (type.group === GROUP) return;
  for (const { object: binding } of store.list(`${GROUP}/validatingadmissionpolicybindings`)) {
    const policy = store.get(`${GROUP}/validatingadmissionpolicies`, textAt(binding, "spec", "policyName") ?? "");
    if (policy === undefined || !textsAt(binding, "spec", "validationActions").includes("Deny")) continue;
    admitBy({ store, policy, binding }, type, object);
  }
}

interface Bound {
  readonly store: ObjectStore;
  readonly policy: KubeObject;
  readonly binding: KubeObject;
}

function admitBy({ store, policy, binding }: Bound, type: ResourceType, object: KubeObject): void {
  const spec = objectAt(policy, "spec");
  const unknown = Object.keys(spec).filter((field) => !KNOWN.has(field));
  if (unknown.length > 0) throw new Error(`${nameOf(policy)}: ${unknown.join(", ")} is not simulated`);
  if (!matches(spec, type)) return;
  const request: JsonObject = {
    operation: "DELETE",
    name: nameOf(object),
    namespace: namespaceOf(object),
    resource: { group: type.group, version: type.storageVersion, resource: type.plural },
  };
  const variables = { request, oldObject: object, object: null };
  const isMeant = listAt(spec, "matchConditions").every((condition) =>
    isTrue(textAt(condition, "expression"), variables),
  );
  if (!isMeant) return;
  const params = parameterOf(store, spec, binding);
  if (params === undefined) {
    if (textAt(binding, "spec", "paramRef", "parameterNotFoundAction") === "Allow") return;
    throw denial(
      { policy, binding },
      { type, object },
      { message: "no params found for policy binding", reason: "Invalid" },
    );
  }
  for (const validation of listAt(spec, "validations")) {
    if (isTrue(textAt(validation, "expression"), { ...variables, params })) continue;
    const fixed = textAt(validation, "message") ?? `failed expression: ${textAt(validation, "expression") ?? ""}`;
    const expression = textAt(validation, "messageExpression");
    const made = expression === undefined ? undefined : evaluateCel(expression, { ...variables, params });
    const message = typeof made === "string" ? made : fixed;
    throw denial({ policy, binding }, { type, object }, { message, reason: textAt(validation, "reason") ?? "Invalid" });
  }
}

function matches(spec: JsonObject, type: ResourceType): boolean {
  const covers = (rule: Json, field: string, value: string): boolean =>
    textsAt(rule, field).some((one) => one === "*" || one === value);
  return listAt(spec, "matchConstraints", "resourceRules").some(
    (rule) =>
      covers(rule, "apiGroups", type.group) &&
      covers(rule, "apiVersions", type.storageVersion) &&
      covers(rule, "operations", "DELETE") &&
      covers(rule, "resources", type.plural),
  );
}

/** Null when the policy has none; undefined when it is not there. */
function parameterOf(store: ObjectStore, spec: JsonObject, binding: KubeObject): KubeObject | null | undefined {
  const kind = at(spec, "paramKind");
  if (!isObject(kind)) return null;
  const resource = PARAMETERS[`${textAt(kind, "apiVersion") ?? ""} ${textAt(kind, "kind") ?? ""}`];
  if (resource === undefined) throw new Error("parameters of this kind are not simulated");
  const reference = objectAt(binding, "spec", "paramRef");
  return store.get(resource, `${textAt(reference, "namespace") ?? ""}/${textAt(reference, "name") ?? ""}`);
}

/** An expression that cannot be evaluated fails, as `failurePolicy: Fail` has it. */
function isTrue(expression: string | undefined, variables: Readonly<Record<string, Json>>): boolean {
  return evaluateCel(expression ?? "", variables) === true;
}

function denial(
  by: Pick<Bound, "policy" | "binding">,
  { type, object }: { readonly type: ResourceType; readonly object: KubeObject },
  { message, reason }: { readonly message: string; readonly reason: string },
): ApiError {
  const why = `ValidatingAdmissionPolicy '${nameOf(by.policy)}' with binding '${nameOf(by.binding)}' denied request: ${message}`;
  const { message: text, status } = forbidden(type, nameOf(object), why);
  return new ApiError(STATUS[reason] ?? 422, reason, text, { details: objectAt(status, "details") });
}
