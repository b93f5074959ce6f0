/**
 * Pod: defaults, status at creation, what an update may change.
 * @module
 */
import { type FieldProblem, forbiddenValue, requiredValue } from "../api/api-error.ts";
import { equal, isObject, type Json, type JsonObject, listAt, objectAt } from "../api/json.ts";
import type { Draft, KubeObject } from "../api/kube-object.ts";
import { withMatchLabelKeys } from "./match-label-keys.ts";
import type { KindRules } from "./resource-type.ts";

/** Rules of Pods. They stay Pending until somebody writes their status: there is no kubelet here. */
export const podRules: KindRules = {
  fill: (draft) => {
    draft["spec"] = filledPodSpec(objectAt(draft, "spec"));
  },
  decide: (draft, previous) => {
    if (previous !== undefined) return;
    draft["spec"] = withMatchLabelKeys(draft);
    draft["status"] = { phase: "Pending", qosClass: "BestEffort" };
  },
  check: (draft, previous) => {
    if (listAt(draft, "spec", "containers").length === 0) return [requiredValue("spec.containers")];
    return previous === undefined ? [] : checkChange(draft, previous);
  },
};

/** A pod's spec with the defaults of a real API server. */
export function filledPodSpec(spec: JsonObject): JsonObject {
  const filled: JsonObject = {
    restartPolicy: "Always",
    terminationGracePeriodSeconds: 30,
    dnsPolicy: "ClusterFirst",
    securityContext: {},
    schedulerName: "default-scheduler",
    ...spec,
  };
  for (const field of ["containers", "initContainers"]) {
    const containers = filled[field];
    if (Array.isArray(containers)) filled[field] = containers.map(filledContainer);
  }
  return filled;
}

function filledContainer(container: Json): Json {
  if (!isObject(container)) return container;
  const image = typeof container["image"] === "string" ? container["image"] : "";
  const hasTag = /:[^/]+$/.test(image) && !image.endsWith(":latest");
  const filled: JsonObject = {
    resources: {},
    terminationMessagePath: "/dev/termination-log",
    terminationMessagePolicy: "File",
    imagePullPolicy: hasTag ? "IfNotPresent" : "Always",
    ...container,
  };
  filled["resources"] = filledResources(objectAt(filled, "resources"));
  for (const probe of ["livenessProbe", "readinessProbe", "startupProbe"]) {
    const given = filled[probe];
    if (isObject(given)) filled[probe] = filledProbe(given);
  }
  const ports = filled["ports"];
  if (Array.isArray(ports)) {
    filled["ports"] = ports.map((port) => (isObject(port) ? { protocol: "TCP", ...port } : port));
  }
  return filled;
}

/** What is limited and not asked for is asked for up to the limit. */
function filledResources(resources: JsonObject): JsonObject {
  const limits = objectAt(resources, "limits");
  if (Object.keys(limits).length === 0) return resources;
  return { ...resources, requests: { ...limits, ...objectAt(resources, "requests") } };
}

function filledProbe(probe: JsonObject): JsonObject {
  const filled: JsonObject = {
    timeoutSeconds: 1,
    periodSeconds: 10,
    successThreshold: 1,
    failureThreshold: 3,
    ...probe,
  };
  if (isObject(filled["httpGet"])) filled["httpGet"] = { path: "/", scheme: "HTTP", ...filled["httpGet"] };
  return filled;
}

/** Fields of a pod's spec that an update may change, beside the containers' images. */
const CHANGEABLE = ["activeDeadlineSeconds", "terminationGracePeriodSeconds", "tolerations"];

function checkChange(draft: Draft, previous: KubeObject): FieldProblem[] {
  if (equal(fixedPart(draft), fixedPart(previous))) return [];
  return [
    forbiddenValue(
      "spec",
      "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)",
    ),
  ];
}

function fixedPart(pod: JsonObject): JsonObject {
  const spec = { ...objectAt(pod, "spec") };
  for (const field of CHANGEABLE) delete spec[field];
  for (const field of ["containers", "initContainers"]) {
    if (!Array.isArray(spec[field])) continue;
    spec[field] = spec[field].map((container) => (isObject(container) ? { ...container, image: "" } : container));
  }
  return spec;
}
