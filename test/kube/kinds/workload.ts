/**
 * Deployment, ReplicaSet, StatefulSet, DaemonSet: stored and validated, but nothing makes their pods.
 * @module
 */
import { type FieldProblem, invalidValue, requiredValue } from "../api/api-error.ts";
import { equal, isObject, type JsonObject, objectAt } from "../api/json.ts";
import type { Draft, KubeObject } from "../api/kube-object.ts";
import { matchesLabelSelector } from "../storage/label-selector.ts";
import { filledPodSpec } from "./pod.ts";
import type { KindRules } from "./resource-type.ts";

const DEFAULTS: Readonly<Record<string, JsonObject>> = {
  DaemonSet: {
    revisionHistoryLimit: 10,
    updateStrategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 1, maxSurge: 0 } },
  },
  Deployment: {
    replicas: 1,
    revisionHistoryLimit: 10,
    progressDeadlineSeconds: 600,
    strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: "25%", maxSurge: "25%" } },
  },
  ReplicaSet: { replicas: 1 },
  StatefulSet: {
    replicas: 1,
    revisionHistoryLimit: 10,
    podManagementPolicy: "OrderedReady",
    updateStrategy: { type: "RollingUpdate", rollingUpdate: { partition: 0 } },
  },
};

/** Rules of the workloads of `apps/v1`. */
export const workloadRules: KindRules = { fill, check };

function fill(draft: Draft): void {
  const kind = typeof draft["kind"] === "string" ? draft["kind"] : "";
  const spec: JsonObject = { ...objectAt(draft, "spec") };
  for (const [field, value] of Object.entries(DEFAULTS[kind] ?? {})) {
    if (spec[field] === undefined || equal(spec[field], {})) spec[field] = structuredClone(value);
  }
  const template = spec["template"];
  if (isObject(template)) spec["template"] = { ...template, spec: filledPodSpec(objectAt(template, "spec")) };
  draft["spec"] = spec;
}

function check(draft: Draft, previous: KubeObject | undefined): FieldProblem[] {
  const selector = objectAt(draft, "spec", "selector");
  const labels = objectAt(draft, "spec", "template", "metadata", "labels");
  if (Object.keys(selector).length === 0) return [requiredValue("spec.selector")];
  const problems: FieldProblem[] = [];
  if (!matchesLabelSelector(selector, labels)) {
    const words = "`selector` does not match template `labels`";
    problems.push(invalidValue("spec.template.metadata.labels", labels, words));
  }
  if (previous !== undefined && !equal(objectAt(previous, "spec", "selector"), selector)) {
    problems.push(invalidValue("spec.selector", selector, "field is immutable"));
  }
  return problems;
}
