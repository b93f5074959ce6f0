/**
 * Requests about objects: from query parameters and bodies to the storage, and back to answers.
 * @module
 */
import type { IncomingHttpHeaders } from "node:http";
import { ApiError, invalid, methodNotAllowed, requiredValue } from "../api/api-error.ts";
import { isObject, type Json, type JsonObject, numberAt, textAt } from "../api/json.ts";
import { type KubeObject, nameOf, namespaceOf } from "../api/kube-object.ts";
import { apiVersionOf } from "../kinds/resource-type.ts";
import type { FieldValidation } from "../storage/decode.ts";
import { type ListOptions, listObjects } from "../storage/list.ts";
import type { ObjectStore } from "../storage/object-store.ts";
import type { ResourceStorage } from "../storage/resource-storage.ts";
import type { DeleteOptions, PatchKind, WriteOptions } from "../storage/write-options.ts";
import { admitDeletion } from "./admission.ts";
import { parseBody } from "./request-body.ts";
import type { RequestInfo } from "./request-info.ts";
import type { WatchOptions } from "./watch-stream.ts";

/** A JSON answer. */
export interface Answer {
  readonly status: number;
  readonly body: JsonObject;
  readonly warnings: readonly string[];
}

/** A request about objects. */
export interface ResourceRequest {
  readonly info: RequestInfo;
  readonly request: { readonly headers: IncomingHttpHeaders };
  readonly text: string;
}

/** Carries a request out. @throws ApiError */
export function carryOut(store: ObjectStore, storage: ResourceStorage, exchange: ResourceRequest): Answer {
  const { info } = exchange;
  const place = { namespace: info.resource === "namespaces" ? "" : info.namespace, name: info.name };
  if (!storage.endpoint.type.namespaced) place.namespace = "";
  switch (info.verb) {
    case "get":
      return answer(200, storage.inVersion(storage.get(place)));
    case "list":
      return answer(200, list(store, storage, listOptions(info)));
    case "create":
      return create(storage, place.namespace, exchange);
    case "update":
      return write(storage, exchange, (options, body) => storage.update(place, body, info.subresource, options));
    case "patch":
      return patch(storage, place, exchange);
    case "delete":
      admitDeletion(store, storage.endpoint.type, storage.get(place));
      return remove(storage, place, deleteOptions(exchange));
    case "deletecollection":
      return removeAll(store, storage, exchange);
    default:
      throw methodNotAllowed();
  }
}

function answer(status: number, body: JsonObject): Answer {
  return { status, body, warnings: [] };
}

function create(storage: ResourceStorage, namespace: string, exchange: ResourceRequest): Answer {
  const { info } = exchange;
  if (info.name !== "" && !info.query.has("fieldSelector")) throw methodNotAllowed();
  return write(storage, exchange, (options, body) => ({
    object: storage.create(namespace, body, options),
    created: true,
  }));
}

function write(
  storage: ResourceStorage,
  { info, request, text }: ResourceRequest,
  run: (options: WriteOptions, body: Json) => { readonly object: KubeObject; readonly created: boolean },
): Answer {
  if (!storage.endpoint.type.verbs.includes(info.verb)) throw methodNotAllowed();
  const { value, duplicates } = parseBody(text, request.headers["content-type"] ?? "");
  const warnings: string[] = [];
  const { object, created } = run(writeOptions({ info, request, text }, duplicates, warnings), value);
  return { status: created ? 201 : 200, body: object, warnings };
}

const PATCH_TYPES: Readonly<Record<string, PatchKind>> = {
  "application/json-patch+json": "json",
  "application/merge-patch+json": "merge",
  "application/strategic-merge-patch+json": "strategic",
  "application/apply-patch+yaml": "apply",
};

function patch(
  storage: ResourceStorage,
  place: { readonly namespace: string; readonly name: string },
  exchange: ResourceRequest,
): Answer {
  const { info, request } = exchange;
  const type = (request.headers["content-type"] ?? "").split(";")[0]?.trim() ?? "";
  const kind = PATCH_TYPES[type];
  if (kind === undefined || (kind === "strategic" && storage.endpoint.type.custom)) throw unsupportedPatch(storage);
  if (kind === "apply" && (info.query.get("fieldManager") ?? "") === "") {
    const problem = requiredValue("fieldManager", "is required for apply patch");
    throw invalid({ group: "meta.k8s.io", kind: "PatchOptions" }, "", [problem]);
  }
  const force = info.query.get("force") === "true";
  return write(storage, exchange, (options, body) =>
    storage.patch(place, { kind, body, force, subresource: info.subresource }, options),
  );
}

function unsupportedPatch(storage: ResourceStorage): ApiError {
  const types = Object.keys(PATCH_TYPES).filter((type) => !storage.endpoint.type.custom || !type.includes("strategic"));
  const words = `the body of the request was in an unknown format - accepted media types include: ${types.join(", ")}`;
  return new ApiError(415, "UnsupportedMediaType", words, { details: {} });
}

function remove(
  storage: ResourceStorage,
  place: { readonly namespace: string; readonly name: string },
  options: DeleteOptions,
): Answer {
  const { type } = storage.endpoint;
  const { object, gone } = storage.delete(place, options);
  if (!gone || type.answersDeleted) return answer(200, storage.inVersion(object));
  const details: JsonObject = { name: nameOf(object), kind: type.plural, uid: object.metadata.uid };
  if (type.group !== "") details["group"] = type.group;
  return answer(200, { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", details });
}

function removeAll(store: ObjectStore, storage: ResourceStorage, exchange: ResourceRequest): Answer {
  if (!storage.endpoint.type.verbs.includes("deletecollection")) throw methodNotAllowed();
  const { items, revision } = listObjects(store, storage.endpoint, listOptions(exchange.info));
  const options = deleteOptions(exchange);
  for (const object of items) admitDeletion(store, storage.endpoint.type, object);
  for (const object of items) storage.delete({ namespace: namespaceOf(object), name: nameOf(object) }, options);
  return answer(200, listBody(storage, items, { resourceVersion: String(revision) }));
}

function list(store: ObjectStore, storage: ResourceStorage, options: ListOptions): JsonObject {
  const page = listObjects(store, storage.endpoint, options);
  const metadata: JsonObject = { resourceVersion: String(page.revision) };
  if (page.continueToken !== "" || storage.endpoint.type.custom) metadata["continue"] = page.continueToken;
  if (page.remaining !== undefined) metadata["remainingItemCount"] = page.remaining;
  return listBody(storage, page.items, metadata);
}

/** Items of the server's own kinds do not repeat what they are. */
function listBody(storage: ResourceStorage, items: readonly KubeObject[], metadata: JsonObject): JsonObject {
  const { type, version } = storage.endpoint;
  const shown = items.map((object): JsonObject => {
    if (type.custom) return storage.inVersion(object);
    const { kind: _, apiVersion: __, ...rest } = object;
    return rest;
  });
  return { kind: type.listKind, apiVersion: apiVersionOf(type.group, version.name), metadata, items: shown };
}

function writeOptions(
  { info, request }: ResourceRequest,
  duplicates: readonly string[],
  warnings: string[],
): WriteOptions {
  const agent = request.headers["user-agent"]?.split("/")[0] ?? "";
  const asked = info.query.get("fieldManager") ?? "";
  const strictness = info.query.get("fieldValidation") ?? "";
  return {
    manager: [asked, agent, "unknown"].find((name) => name !== "") ?? "unknown",
    dryRun: info.query.get("dryRun") === "All",
    fieldValidation: isFieldValidation(strictness) ? strictness : "Warn",
    duplicates,
    warn: (text) => warnings.push(text),
  };
}

function isFieldValidation(text: string): text is FieldValidation {
  return ["Strict", "Warn", "Ignore"].includes(text);
}

function deleteOptions({ info, request, text }: ResourceRequest): DeleteOptions {
  const body = text === "" ? {} : parseBody(text, request.headers["content-type"] ?? "").value;
  const given = isObject(body) ? body : {};
  const grace = info.query.get("gracePeriodSeconds");
  return {
    dryRun: info.query.get("dryRun") === "All" || JSON.stringify(given["dryRun"] ?? null) === '["All"]',
    gracePeriodSeconds: numberAt(given, "gracePeriodSeconds") ?? (grace === null ? undefined : Number(grace)),
    propagationPolicy: textAt(given, "propagationPolicy") ?? info.query.get("propagationPolicy") ?? undefined,
    uid: textAt(given, "preconditions", "uid"),
    resourceVersion: textAt(given, "preconditions", "resourceVersion"),
  };
}

function listOptions({ query, namespace, resource }: RequestInfo): ListOptions {
  const text = (name: string): string => query.get(name) ?? "";
  return {
    namespace: resource === "namespaces" ? "" : namespace,
    labelSelector: text("labelSelector"),
    fieldSelector: text("fieldSelector"),
    limit: Number(text("limit")) || 0,
    continueToken: text("continue"),
    resourceVersion: text("resourceVersion"),
    resourceVersionMatch: text("resourceVersionMatch"),
  };
}

/** What a watch asks for; `secondMs` is how long one of its seconds lasts. */
export function watchOptions(info: RequestInfo, secondMs: number): WatchOptions {
  return {
    ...listOptions(info),
    bookmarks: isTrue(info.query.get("allowWatchBookmarks")),
    sendInitialEvents: isTrue(info.query.get("sendInitialEvents")),
    timeoutMs: (Number(info.query.get("timeoutSeconds")) || 0) * secondMs,
  };
}

function isTrue(text: string | null): boolean {
  return text === "true" || text === "1";
}
