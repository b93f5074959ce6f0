/**
 * Kinds with a rule or two.
 * @module
 */
import { type FieldProblem, forbiddenValue, invalidValue } from "../api/api-error.ts";
import { equal, isObject, type JsonObject, numberAt, objectAt, textAt } from "../api/json.ts";
import type { Draft } from "../api/kube-object.ts";
import type { KindRules } from "./resource-type.ts";

/** Rules of core/v1 Events. */
export const eventRules: KindRules = {
  bare: (draft) => {
    draft["firstTimestamp"] ??= null;
    draft["lastTimestamp"] ??= null;
    draft["eventTime"] ??= null;
  },
  check: (draft) => {
    const namespace = objectAt(draft, "metadata")["namespace"];
    const about = objectAt(draft, "involvedObject")["namespace"];
    const isOfCluster = about === undefined && (namespace === "default" || namespace === "kube-system");
    if (about === namespace || isOfCluster) return [];
    return [invalidValue("involvedObject.namespace", about ?? "", "does not match event.namespace")];
  },
};

/** Rules of Leases. */
export const leaseRules: KindRules = {
  check: (draft) => {
    const problems: FieldProblem[] = [];
    const duration = numberAt(draft, "spec", "leaseDurationSeconds");
    const transitions = numberAt(draft, "spec", "leaseTransitions");
    if (duration !== undefined && duration <= 0) {
      problems.push(invalidValue("spec.leaseDurationSeconds", duration, "must be greater than 0"));
    }
    if (transitions !== undefined && transitions < 0) {
      problems.push(invalidValue("spec.leaseTransitions", transitions, "must be greater than or equal to 0"));
    }
    return problems;
  },
};

/** Rules of Namespaces: each has the finalizer that the namespace controller takes away. */
export const namespaceRules: KindRules = {
  fill: (draft) => {
    const metadata: JsonObject = { ...objectAt(draft, "metadata") };
    const name = metadata["name"];
    if (typeof name === "string" && name !== "") {
      metadata["labels"] = { ...objectAt(metadata, "labels"), "kubernetes.io/metadata.name": name };
    }
    draft["metadata"] = metadata;
  },
  decide: (draft, previous) => {
    draft["spec"] = previous === undefined ? { finalizers: ["kubernetes"] } : { ...objectAt(previous, "spec") };
    if (previous === undefined) draft["status"] = { phase: "Active" };
  },
};

/** Rules of Secrets. */
export const secretRules: KindRules = {
  fill: (draft) => {
    draft["type"] ??= "Opaque";
    const texts = Object.entries(objectAt(draft, "stringData"));
    delete draft["stringData"];
    if (texts.length === 0) return;
    const encoded = texts.map(([key, text]) => [
      key,
      Buffer.from(typeof text === "string" ? text : "").toString("base64"),
    ]);
    draft["data"] = { ...objectAt(draft, "data"), ...(Object.fromEntries(encoded) as JsonObject) };
  },
  check: (draft, previous) => {
    if (previous === undefined) return [];
    const problems: FieldProblem[] = [];
    if (previous["type"] !== draft["type"]) {
      problems.push(invalidValue("type", draft["type"], "field is immutable"));
    }
    if (previous["immutable"] === true && !sameContent(previous, draft)) {
      problems.push(forbiddenValue("data", "field is immutable when `immutable` is set"));
    }
    return problems;
  },
};

function sameContent(left: JsonObject, right: Draft): boolean {
  return equal(objectAt(left, "data"), objectAt(right, "data"));
}

const RBAC = "rbac.authorization.k8s.io";

/** Rules of RoleBindings and ClusterRoleBindings. */
export const bindingRules: KindRules = {
  fill: (draft) => {
    const roleRef = objectAt(draft, "roleRef");
    draft["roleRef"] = { ...roleRef, apiGroup: (textAt(roleRef, "apiGroup") ?? "") || RBAC };
    if (!Array.isArray(draft["subjects"])) return;
    draft["subjects"] = draft["subjects"].map((subject) => {
      const isOfRbac = ["User", "Group"].includes(textAt(subject, "kind") ?? "");
      return isOfRbac && isObject(subject) ? { apiGroup: RBAC, ...subject } : subject;
    });
  },
  check: (draft, previous) => {
    if (previous === undefined || equal(previous["roleRef"], draft["roleRef"])) return [];
    return [invalidValue("roleRef", draft["roleRef"], "cannot change roleRef")];
  },
};
