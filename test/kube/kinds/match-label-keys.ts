/**
 * What `matchLabelKeys` and `mismatchLabelKeys` of a new pod come to: the server writes them into the selectors beside them,
 * with the pod's labels of that moment. A key that the selector has already stays as it is.
 * @module
 */
import { isObject, type Json, type JsonObject, listAt, objectAt, textAt, textsAt } from "../api/json.ts";
import { labelsOf } from "../api/kube-object.ts";

/** The spec of a pod with all of its selectors complete. */
export function withMatchLabelKeys(pod: JsonObject): JsonObject {
  const spec: JsonObject = { ...objectAt(pod, "spec") };
  const labels = labelsOf(pod);
  const spreads = spec["topologySpreadConstraints"];
  if (Array.isArray(spreads)) spec["topologySpreadConstraints"] = spreads.map((one) => merged(one, labels));
  if (isObject(spec["affinity"])) {
    const affinity: JsonObject = { ...spec["affinity"] };
    for (const field of ["podAffinity", "podAntiAffinity"])
      if (isObject(affinity[field])) affinity[field] = mergedAffinity(affinity[field], labels);
    spec["affinity"] = affinity;
  }
  return spec;
}

function mergedAffinity(affinity: JsonObject, labels: Labels): JsonObject {
  const result: JsonObject = { ...affinity };
  const required = affinity["requiredDuringSchedulingIgnoredDuringExecution"];
  if (Array.isArray(required))
    result["requiredDuringSchedulingIgnoredDuringExecution"] = required.map((term) => merged(term, labels));
  const preferred = affinity["preferredDuringSchedulingIgnoredDuringExecution"];
  if (Array.isArray(preferred))
    result["preferredDuringSchedulingIgnoredDuringExecution"] = preferred.map((one) => {
      if (!isObject(one)) return one;
      return { ...one, podAffinityTerm: merged(one["podAffinityTerm"] ?? {}, labels) };
    });
  return result;
}

type Labels = Readonly<Record<string, Json>>;

function merged(term: Json, labels: Labels): Json {
  const selector = isObject(term) ? term["labelSelector"] : undefined;
  if (!isObject(term) || !isObject(selector)) return term;
  const present = listAt(selector, "matchExpressions");
  const wanted = [
    ...textsAt(term, "matchLabelKeys").map((key) => ({ key, operator: "In" })),
    ...textsAt(term, "mismatchLabelKeys").map((key) => ({ key, operator: "NotIn" })),
  ];
  const added = wanted.flatMap(({ key, operator }): Json[] => {
    const value = labels[key];
    const isThere = present.some((one) => textAt(one, "key") === key && textAt(one, "operator") === operator);
    return value === undefined || isThere ? [] : [{ key, operator, values: [value] }];
  });
  if (added.length === 0) return term;
  return { ...term, labelSelector: { ...selector, matchExpressions: [...present, ...added] } };
}
