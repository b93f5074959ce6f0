/**
 * Service: defaults, allocation of addresses, validation.
 * @module
 */
import {
  type ApiError,
  duplicateValue,
  type FieldProblem,
  invalid,
  invalidValue,
  requiredValue,
  unsupportedValue,
} from "../api/api-error.ts";
import {
  equal,
  isObject,
  type Json,
  type JsonObject,
  listAt,
  numberAt,
  objectAt,
  textAt,
  textsAt,
} from "../api/json.ts";
import type { Draft, KubeObject } from "../api/kube-object.ts";
import { checkLabel, checkName } from "../api/names.ts";
import type { KindRules } from "./resource-type.ts";
import type { ServiceAddresses } from "./service-addresses.ts";

const TYPES = ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];

/** Rules of Services whose addresses come from `addresses`. */
export function serviceRules(addresses: ServiceAddresses): KindRules {
  return {
    fill,
    decide: (draft, previous) => allocate(draft, previous, addresses),
    check: (draft, previous) => [...checkService(draft), ...checkAddresses(draft, previous)],
    released: (service) => {
      for (const address of textsAt(service, "spec", "clusterIPs")) addresses.release(address);
      for (const port of listAt(service, "spec", "ports")) addresses.release(String(numberAt(port, "nodePort")));
    },
  };
}

/** The objects in a list, copied so that they may be changed. */
function copies(list: readonly Json[]): JsonObject[] {
  return list.filter(isObject).map((entry) => ({ ...entry }));
}

function fill(draft: Draft): void {
  const spec: JsonObject = { ...objectAt(draft, "spec") };
  draft["spec"] = spec;
  spec["type"] ??= "ClusterIP";
  spec["sessionAffinity"] ??= "None";
  if (spec["sessionAffinity"] === "ClientIP")
    spec["sessionAffinityConfig"] ??= { clientIP: { timeoutSeconds: 10_800 } };
  if (spec["type"] !== "ExternalName") spec["internalTrafficPolicy"] ??= "Cluster";
  if (spec["type"] === "NodePort" || spec["type"] === "LoadBalancer") spec["externalTrafficPolicy"] ??= "Cluster";
  if (spec["type"] === "LoadBalancer") spec["allocateLoadBalancerNodePorts"] ??= true;
  if (!Array.isArray(spec["ports"])) return;
  const ports = copies(spec["ports"]);
  for (const port of ports) {
    port["protocol"] ??= "TCP";
    if (port["targetPort"] === undefined || port["targetPort"] === 0) port["targetPort"] = port["port"] ?? 0;
  }
  spec["ports"] = ports;
}

function allocate(draft: Draft, previous: KubeObject | undefined, addresses: ServiceAddresses): void {
  const spec: JsonObject = { ...objectAt(draft, "spec") };
  draft["spec"] = spec;
  if (previous === undefined) draft["status"] = { loadBalancer: {} };
  if (spec["type"] === "ExternalName") {
    for (const field of ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"]) delete spec[field];
    return;
  }
  keepAllocated(spec, objectAt(previous, "spec"));
  allocateNodePorts(spec, addresses);
  const isHeadless = spec["clusterIP"] === "None" || textsAt(spec, "clusterIPs")[0] === "None";
  const given = textsAt(spec, "ipFamilies");
  spec["ipFamilyPolicy"] ??= given.length > 1 ? "RequireDualStack" : "SingleStack";
  const families = given.length > 0 ? [...given] : [familyOf(spec)];
  if (spec["ipFamilyPolicy"] !== "SingleStack" && families.length === 1) {
    families.push(families[0] === "IPv4" ? "IPv6" : "IPv4");
  }
  spec["ipFamilies"] = families;
  if (isHeadless) {
    spec["clusterIP"] = "None";
    spec["clusterIPs"] = ["None"];
    return;
  }
  const wanted = textsAt(spec, "clusterIPs");
  const first = typeof spec["clusterIP"] === "string" && spec["clusterIP"] !== "" ? spec["clusterIP"] : wanted[0];
  const chosen = families.map((family, index) => {
    const asked = index === 0 ? first : wanted[index];
    if (asked === undefined) return addresses.allocate(family);
    if (!addresses.claim(asked) && previous === undefined) throw taken(draft, asked);
    return asked;
  });
  spec["clusterIPs"] = chosen;
  spec["clusterIP"] = chosen[0] ?? "";
}

function taken(draft: Draft, address: string): ApiError {
  const words = `failed to allocate IP ${address}: provided IP is already allocated`;
  const problem = invalidValue("spec.clusterIPs", [address], words);
  return invalid({ group: "", kind: "Service" }, textAt(draft, "metadata", "name") ?? "", [problem]);
}

function familyOf(spec: JsonObject): string {
  return textAt(spec, "clusterIP")?.includes(":") === true ? "IPv6" : "IPv4";
}

/** An update that does not name an allocated value keeps it. */
function keepAllocated(spec: JsonObject, before: JsonObject): void {
  if (before["type"] === "ExternalName") return;
  for (const field of ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"]) {
    const value = before[field];
    const isUnset = spec[field] === undefined || spec[field] === "" || equal(spec[field], []);
    if (value !== undefined && isUnset) spec[field] = value;
  }
}

function allocateNodePorts(spec: JsonObject, addresses: ServiceAddresses): void {
  const needsPorts = spec["type"] === "NodePort" || spec["type"] === "LoadBalancer";
  const ports = copies(listAt(spec, "ports"));
  for (const port of ports) {
    if (!needsPorts) delete port["nodePort"];
    else port["nodePort"] ??= addresses.allocatePort();
  }
  if (ports.length > 0) spec["ports"] = ports;
}

function checkService(draft: Draft): FieldProblem[] {
  const spec = objectAt(draft, "spec");
  const problems: FieldProblem[] = [];
  const ports = listAt(spec, "ports");
  const isHeadless = spec["clusterIP"] === "None";
  const type = textAt(spec, "type") ?? "";
  if (!TYPES.includes(type)) problems.push(unsupportedValue("spec.type", type, TYPES));
  if (ports.length === 0 && !isHeadless && type !== "ExternalName") problems.push(requiredValue("spec.ports"));
  if (type === "ExternalName" && textAt(spec, "externalName") === undefined) {
    problems.push(requiredValue("spec.externalName"));
  }
  problems.push(...checkPorts(ports));
  for (const [key, value] of Object.entries(objectAt(spec, "selector"))) {
    problems.push(...checkLabel(key, value, "spec.selector"));
  }
  return problems;
}

function checkPorts(ports: readonly Json[]): FieldProblem[] {
  const problems: FieldProblem[] = [];
  const names = new Set<string>();
  const places = new Set<string>();
  ports.forEach((port, index) => {
    const path = `spec.ports[${index}]`;
    const name = textAt(port, "name") ?? "";
    if (name === "" && ports.length > 1) problems.push(requiredValue(`${path}.name`));
    else if (name !== "") problems.push(...checkName("label", name, `${path}.name`));
    if (name !== "" && names.has(name)) problems.push(duplicateValue(`${path}.name`, name));
    names.add(name);
    problems.push(...checkPortNumber(`${path}.port`, numberAt(port, "port") ?? 0));
    const target = isObject(port) ? port["targetPort"] : undefined;
    if (typeof target === "number") problems.push(...checkPortNumber(`${path}.targetPort`, target));
    const protocol = textAt(port, "protocol") ?? "TCP";
    const place = `${protocol} ${numberAt(port, "port")}`;
    if (places.has(place)) problems.push(duplicateValue(path, { port: numberAt(port, "port") ?? 0, protocol }));
    places.add(place);
  });
  return problems;
}

/** What is wrong with a port's number. */
export function checkPortNumber(field: string, port: number): FieldProblem[] {
  const isPort = Number.isInteger(port) && port >= 1 && port <= 65_535;
  return isPort ? [] : [invalidValue(field, port, "must be between 1 and 65535, inclusive")];
}

function checkAddresses(draft: Draft, previous: KubeObject | undefined): FieldProblem[] {
  const before = textsAt(previous, "spec", "clusterIPs")[0];
  const spec = objectAt(draft, "spec");
  const after = textAt(spec, "clusterIP");
  if (before === undefined || after === undefined || spec["type"] === "ExternalName") return [];
  const addresses = textsAt(spec, "clusterIPs");
  if (after === before && addresses[0] === before) return [];
  return [invalidValue("spec.clusterIPs[0]", [after], "may not change once set")];
}
