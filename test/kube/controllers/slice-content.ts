/**
 * What the endpoints of a Service are, from its pods: shared by the controllers of EndpointSlices and Endpoints.
 * @module
 */
import { isIPv6 } from "node:net";
import { at, type Json, type JsonObject, listAt, numberAt, objectAt, textAt, textsAt } from "../api/json.ts";
import { isTerminating, type KubeObject, labelsOf, nameOf, namespaceOf } from "../api/kube-object.ts";
import { matchesLabels } from "../storage/label-selector.ts";
import type { ObjectStore, StoreEvent } from "../storage/object-store.ts";

/** A pod as an endpoint. */
export interface PodEndpoint {
  readonly pod: KubeObject;
  readonly addresses: readonly string[];
  readonly ready: boolean;
  readonly serving: boolean;
  readonly terminating: boolean;
  /** Ports with the pod's numbers in them. */
  readonly ports: readonly JsonObject[];
}

/** Whether a Service has a selector; an empty one is none. */
export function hasSelector(service: JsonObject): boolean {
  return Object.keys(objectAt(service, "spec", "selector")).length > 0;
}

/** Whether a Service has no virtual address. */
export function isHeadless(service: JsonObject): boolean {
  return textAt(service, "spec", "clusterIP") === "None";
}

/** The pods that a Service selects and that have an address, as endpoints of one address family. */
export function podEndpoints(store: ObjectStore, service: KubeObject, family: string): readonly PodEndpoint[] {
  const selector = objectAt(service, "spec", "selector");
  return store.list("/pods", namespaceOf(service)).flatMap(({ object: pod }) => {
    if (!matchesLabels(selector, labelsOf(pod))) return [];
    const phase = textAt(pod, "status", "phase");
    if (phase === "Failed" || phase === "Succeeded") return [];
    const addresses = podAddresses(pod).filter((address) => isIPv6(address) === (family === "IPv6"));
    return addresses.length === 0 ? [] : [endpointOf(service, pod, addresses)];
  });
}

function endpointOf(service: KubeObject, pod: KubeObject, addresses: readonly string[]): PodEndpoint {
  const serving = isReady(pod);
  const terminating = isTerminating(pod);
  const ready = at(service, "spec", "publishNotReadyAddresses") === true || (serving && !terminating);
  return { pod, addresses: addresses.slice(0, 1), ready, serving, terminating, ports: portsFor(service, pod) };
}

function podAddresses(pod: KubeObject): readonly string[] {
  const several = listAt(pod, "status", "podIPs").flatMap((entry) => textAt(entry, "ip") ?? []);
  const one = textAt(pod, "status", "podIP") ?? "";
  return several.length > 0 ? several : [one].filter((address) => address !== "");
}

function isReady(pod: KubeObject): boolean {
  return listAt(pod, "status", "conditions").some(
    (condition) => textAt(condition, "type") === "Ready" && textAt(condition, "status") === "True",
  );
}

/** Ports of a Service with this pod's numbers; a port whose name the pod does not have is left out. */
function portsFor(service: KubeObject, pod: KubeObject): readonly JsonObject[] {
  return listAt(service, "spec", "ports").flatMap((port) => {
    const protocol = textAt(port, "protocol") ?? "TCP";
    const number = targetPort(pod, at(port, "targetPort"), protocol);
    if (number === undefined) return [];
    const appProtocol = textAt(port, "appProtocol");
    const base: JsonObject = { name: textAt(port, "name") ?? "", port: number, protocol };
    return [appProtocol === undefined ? base : { ...base, appProtocol }];
  });
}

function targetPort(pod: KubeObject, target: Json | undefined, protocol: string): number | undefined {
  if (typeof target === "number") return target;
  for (const container of listAt(pod, "spec", "containers")) {
    for (const port of listAt(container, "ports")) {
      const isNamed = textAt(port, "name") === target && (textAt(port, "protocol") ?? "TCP") === protocol;
      if (isNamed) return numberAt(port, "containerPort");
    }
  }
  return undefined;
}

/** How endpoints name the pod that they stand for. */
export function podReference(pod: KubeObject): JsonObject {
  return { kind: "Pod", namespace: namespaceOf(pod), name: nameOf(pod), uid: pod.metadata.uid };
}

/** The zone of the pod's node, from the node's label. */
export function zoneOf(store: ObjectStore, pod: KubeObject): string | undefined {
  const node = store.get("/nodes", textAt(pod, "spec", "nodeName") ?? "");
  return textAt(node, "metadata", "labels", "topology.kubernetes.io/zone");
}

/** Address families of a Service. */
export function familiesOf(service: JsonObject): readonly string[] {
  const families = textsAt(service, "spec", "ipFamilies");
  return families.length > 0 ? families : ["IPv4"];
}

/** Services that a change of a pod may matter to: those of its namespace whose selector fits it now or did before. */
export function servicesOfPod(store: ObjectStore, { object, previous }: StoreEvent): readonly string[] {
  const labels = [object, ...(previous === undefined ? [] : [previous])].map(labelsOf);
  return store.list("/services", namespaceOf(object)).flatMap(({ key, object: service }) => {
    if (!hasSelector(service)) return [];
    const selector = objectAt(service, "spec", "selector");
    return labels.some((one) => matchesLabels(selector, one)) ? [key] : [];
  });
}
