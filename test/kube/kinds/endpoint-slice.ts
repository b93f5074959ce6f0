/**
 * EndpointSlice and the older Endpoints: defaults and validation.
 * @module
 */
import { isIPv4, isIPv6 } from "node:net";
import {
  duplicateValue,
  type FieldProblem,
  invalidValue,
  requiredValue,
  tooMany,
  unsupportedValue,
} from "../api/api-error.ts";
import { isObject, type Json, listAt, numberAt, textAt } from "../api/json.ts";
import type { Draft, KubeObject } from "../api/kube-object.ts";
import type { KindRules } from "./resource-type.ts";
import { checkPortNumber } from "./service.ts";

const ENDPOINTS_LIMIT = 1_000;
const PORTS_LIMIT = 100;
const ADDRESSES_LIMIT = 100;
const ADDRESS_TYPES = ["FQDN", "IPv4", "IPv6"];
const PROTOCOLS = ["SCTP", "TCP", "UDP"];

/** Which addresses are allowed. */
export interface AddressRules {
  readonly allowLoopback: boolean;
}

/** Rules of EndpointSlices. */
export function endpointSliceRules(rules: AddressRules): KindRules {
  return {
    bare: (draft) => {
      // The real server stores no empty list, and shows none as null.
      for (const list of ["endpoints", "ports"]) if (listAt(draft, list).length === 0) draft[list] = null;
    },
    fill: fillSlice,
    check: (draft, previous) => [...checkSlice(draft, rules), ...checkType(draft, previous)],
  };
}

/** Rules of Endpoints. */
export function endpointsRules(rules: AddressRules): KindRules {
  return {
    fill: (draft) => {
      if (!Array.isArray(draft["subsets"])) return;
      draft["subsets"] = draft["subsets"].map((subset) => {
        if (!isObject(subset) || !Array.isArray(subset["ports"])) return subset;
        return {
          ...subset,
          ports: subset["ports"].map((port) => (isObject(port) ? { protocol: "TCP", ...port } : port)),
        };
      });
    },
    check: (draft) => checkSubsets(draft, rules),
  };
}

function fillSlice(draft: Draft): void {
  if (!Array.isArray(draft["ports"])) return;
  draft["ports"] = draft["ports"].map((port) => (isObject(port) ? { name: "", protocol: "TCP", ...port } : port));
}

function checkSlice(draft: Draft, rules: AddressRules): FieldProblem[] {
  const type = textAt(draft, "addressType") ?? "";
  const endpoints = listAt(draft, "endpoints");
  const ports = listAt(draft, "ports");
  if (type === "") return [requiredValue("addressType")];
  if (!ADDRESS_TYPES.includes(type)) return [unsupportedValue("addressType", type, ADDRESS_TYPES)];
  if (endpoints.length > ENDPOINTS_LIMIT) return [tooMany("endpoints", endpoints.length, ENDPOINTS_LIMIT)];
  if (ports.length > PORTS_LIMIT) return [tooMany("ports", ports.length, PORTS_LIMIT)];
  return [
    ...endpoints.flatMap((endpoint, index) => checkEndpoint(endpoint, index, { type, rules })),
    ...checkPorts(ports),
  ];
}

function checkEndpoint(
  endpoint: Json,
  index: number,
  { type, rules }: { readonly type: string; readonly rules: AddressRules },
): FieldProblem[] {
  const path = `endpoints[${index}].addresses`;
  const addresses = listAt(endpoint, "addresses");
  if (addresses.length === 0) return [requiredValue(path, "must contain at least 1 address")];
  if (addresses.length > ADDRESSES_LIMIT) return [tooMany(path, addresses.length, ADDRESSES_LIMIT)];
  return addresses.flatMap((address, place) => {
    const field = `${path}[${place}]`;
    if (addresses.indexOf(address) < place) return [duplicateValue(field, address)];
    if (typeof address !== "string" || type === "FQDN") return [];
    if (type === "IPv4" && !isIPv4(address)) return [invalidValue(field, address, "must be a valid IPv4 address")];
    if (type === "IPv6" && !isIPv6(address)) return [invalidValue(field, address, "must be a valid IPv6 address")];
    return checkAddress(field, address, rules);
  });
}

function checkAddress(field: string, address: string, { allowLoopback }: AddressRules): FieldProblem[] {
  if (address === "0.0.0.0" || address === "::") {
    return [invalidValue(field, address, `may not be unspecified (${address})`)];
  }
  if (!allowLoopback && (address.startsWith("127.") || address === "::1")) {
    return [invalidValue(field, address, "may not be in the loopback range (127.0.0.0/8, ::1/128)")];
  }
  if (address.startsWith("169.254.") || /^fe[89ab]/i.test(address)) {
    return [invalidValue(field, address, "may not be in the link-local range (169.254.0.0/16, fe80::/10)")];
  }
  if (/^22[4-9]\.|^23\d\./.test(address) && isIPv4(address)) {
    return [invalidValue(field, address, "may not be in the multicast range (224.0.0.0/4, ff00::/8)")];
  }
  return [];
}

function checkPorts(ports: readonly Json[]): FieldProblem[] {
  const names = new Set<string>();
  return ports.flatMap((port, index) => {
    const name = textAt(port, "name") ?? "";
    const protocol = textAt(port, "protocol") ?? "";
    const problems: FieldProblem[] = [];
    if (names.has(name)) problems.push(duplicateValue(`ports[${index}].name`, name));
    names.add(name);
    if (!PROTOCOLS.includes(protocol)) {
      problems.push(unsupportedValue(`ports[${index}].protocol`, protocol, PROTOCOLS));
    }
    const number = numberAt(port, "port");
    if (number !== undefined) problems.push(...checkPortNumber(`ports[${index}].port`, number));
    return problems;
  });
}

function checkType(draft: Draft, previous: KubeObject | undefined): FieldProblem[] {
  const before = textAt(previous, "addressType");
  const after = textAt(draft, "addressType") ?? "";
  return before === undefined || before === after ? [] : [invalidValue("addressType", after, "field is immutable")];
}

function checkSubsets(draft: Draft, rules: AddressRules): FieldProblem[] {
  return listAt(draft, "subsets").flatMap((subset, index) => {
    const lists = ["addresses", "notReadyAddresses"];
    const problems = lists.flatMap((list) =>
      listAt(subset, list).flatMap((entry, place) => {
        const field = `subsets[${index}].${list}[${place}].ip`;
        const address = textAt(entry, "ip") ?? "";
        if (!isIPv4(address) && !isIPv6(address)) {
          return [invalidValue(field, address, "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)")];
        }
        return checkAddress(field, address, rules);
      }),
    );
    const isEmpty = lists.every((list) => listAt(subset, list).length === 0);
    if (isEmpty) problems.push(requiredValue(`subsets[${index}]`, "must specify `addresses` or `notReadyAddresses`"));
    return problems;
  });
}
