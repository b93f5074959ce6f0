/**
 * What pods are taken to use when nodes are compared: each container that asks for nothing uses a little all the same.
 * @module
 */
import type { Pod } from "../../model/snapshot/pod.ts";
import { podRequests } from "./pod-requests.ts";
import { type MilliAmounts, milliAmounts, type Resources, resourcesOf } from "./resources.ts";

const A_LITTLE = milliAmounts({ cpu: "100m", memory: "200Mi" });

/** Of a pod that waits for a place. What it asks for as a whole is not looked at: so does 1.36.2, and 1.34. */
export function nonZeroRequestsOfPending({ spec, ...pod }: Pod): Resources {
  const { resources: _ofPod, ...containers } = spec;
  return resourcesOf(podRequests({ ...pod, spec: containers }, A_LITTLE));
}

/** Of a pod on a node. Where it asks for something as a whole, only what it asks for nowhere is taken for granted. */
export function nonZeroRequestsOfPlaced(pod: Pod): Resources {
  if (!asksAsWhole(pod)) return resourcesOf(podRequests(pod, A_LITTLE));
  const asked = podRequests(pod);
  const missing: MilliAmounts = new Map([...A_LITTLE].filter(([name]) => !asked.has(name)));
  return resourcesOf(podRequests(pod, missing));
}

function asksAsWhole({ spec }: Pod): boolean {
  return Object.keys(spec.resources?.requests ?? {}).length > 0;
}
