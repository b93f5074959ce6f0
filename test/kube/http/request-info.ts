import type { Attributes } from "../storage/rbac.ts";

/** A request by its path and method, as authorization and audit see it. */
export interface RequestInfo extends Attributes {
  /** Version in the path; empty for a request that is not about a resource. */
  readonly version: string;
  readonly query: URLSearchParams;
  readonly pathname: string;
}

const NAMESPACE_PARTS = new Set(["status", "finalize"]);

/** Reads method and path the way the real API server does. */
export function parseRequest(method: string, url: string): RequestInfo {
  const { pathname, searchParams: query } = new URL(url, "http://localhost");
  const parts = pathname
    .split("/")
    .filter((part) => part !== "")
    .map(decodeURIComponent);
  const [root, ...rest] = parts;
  const isCore = root === "api" && rest.length >= 2;
  const isGroup = root === "apis" && rest.length >= 3;
  const base = { version: "", group: "", resource: "", subresource: "", namespace: "", name: "", query, pathname };
  if (!isCore && !isGroup) return { ...base, verb: method.toLowerCase(), path: pathname };
  const group = isCore ? "" : (rest.shift() ?? "");
  const version = rest.shift() ?? "";
  let namespace = "";
  if (rest[0] === "namespaces" && rest.length > 2 && !NAMESPACE_PARTS.has(rest[2] ?? "")) {
    namespace = rest[1] ?? "";
    rest.splice(0, 2);
  }
  const [resource = "", name = "", subresource = ""] = rest;
  // Rules about a namespace's objects are also about the namespace itself.
  if (group === "" && resource === "namespaces" && name !== "") namespace = name;
  const info = { ...base, version, group, resource, subresource, namespace, name, path: undefined };
  return { ...info, verb: verbOf(method, name, query), name: name === "" ? selectedName(query) : name };
}

/** A list or watch of one object by its name may be allowed by that name. */
function selectedName(query: URLSearchParams): string {
  return /^metadata\.name=([^,]+)$/.exec(query.get("fieldSelector") ?? "")?.[1] ?? "";
}

function verbOf(method: string, name: string, query: URLSearchParams): string {
  switch (method) {
    case "POST":
      return "create";
    case "PUT":
      return "update";
    case "PATCH":
      return "patch";
    case "DELETE":
      return name === "" ? "deletecollection" : "delete";
    default: {
      const watch = query.get("watch");
      if (watch !== null && watch !== "0" && watch !== "false") return "watch";
      return name === "" ? "list" : "get";
    }
  }
}
