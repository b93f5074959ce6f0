import { ApiError, badRequest, expired, tooLargeResourceVersion } from "../api/api-error.ts";
import type { JsonObject } from "../api/json.ts";
import { type KubeObject, labelsOf, namespaceOf } from "../api/kube-object.ts";
import { resourceKey } from "../kinds/resource-type.ts";
import { decodeContinuation, encodeContinuation } from "./continue-token.ts";
import type { Endpoint } from "./decode.ts";
import { parseFieldSelector } from "./field-selector.ts";
import { parseLabelSelector } from "./label-selector.ts";
import type { ObjectStore } from "./object-store.ts";
import type { Entry } from "./sorted-objects.ts";

/** What a list or watch request asks for. */
export interface ListOptions {
  /** Empty: of the whole cluster. */
  readonly namespace: string;
  /** Of a request for one object by the field `metadata.name`. */
  readonly labelSelector: string;
  readonly fieldSelector: string;
  readonly limit: number;
  readonly continueToken: string;
  readonly resourceVersion: string;
  readonly resourceVersionMatch: string;
}

/** One page of a list. */
export interface Page {
  readonly items: readonly KubeObject[];
  readonly revision: number;
  /** Empty on the last page. */
  readonly continueToken: string;
  /** How many objects follow; unknown where a selector was given. */
  readonly remaining: number | undefined;
}

/** Tells which objects a request is about. @throws ApiError 400 for a selector that cannot be read */
export function selection(endpoint: Endpoint, options: ListOptions): (object: JsonObject) => boolean {
  const fitsLabels = parseLabelSelector(options.labelSelector);
  const fitsFields = parseFieldSelector(endpoint.type, options.fieldSelector);
  return (object) =>
    (options.namespace === "" || namespaceOf(object) === options.namespace) &&
    fitsLabels(labelsOf(object)) &&
    fitsFields(object);
}

const TOO_OLD =
  "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.";

/** Lists objects. @throws ApiError 400 for bad options, 410 for a version that is too old, 504 for one of the future */
export function listObjects(store: ObjectStore, endpoint: Endpoint, options: ListOptions): Page {
  checkOptions(options);
  const resource = resourceKey(endpoint.type);
  const start = options.continueToken === "" ? undefined : decodeContinuation(options.continueToken);
  const revision = start?.revision ?? wantedRevision(store, options);
  const asOf = revision === -1 ? store.revision : revision;
  const entries = store.listAt(resource, asOf);
  if (entries === undefined) {
    if (start === undefined) throw expired("The resourceVersion for the provided list is too old.");
    throw expired(TOO_OLD, encodeContinuation({ revision: -1, after: start.after }));
  }
  const prefix = options.namespace === "" ? "" : `${options.namespace}/`;
  const from = start === undefined ? prefix : prefix + start.after;
  const isSelected = selection(endpoint, options);
  const rest = entries.filter(({ key, object }) => (start === undefined || key > from) && isSelected(object));
  return pageOf(rest, { options, asOf, prefix });
}

function pageOf(
  rest: readonly Entry[],
  { options, asOf, prefix }: { readonly options: ListOptions; readonly asOf: number; readonly prefix: string },
): Page {
  const page = options.limit > 0 ? rest.slice(0, options.limit) : rest;
  const last = page.at(-1);
  const items = page.map(({ object }) => object);
  if (page.length === rest.length || last === undefined) {
    return { items, revision: asOf, continueToken: "", remaining: undefined };
  }
  const hasSelector = options.labelSelector !== "" || options.fieldSelector !== "";
  return {
    items,
    revision: asOf,
    continueToken: encodeContinuation({ revision: asOf, after: last.key.slice(prefix.length) }),
    remaining: hasSelector ? undefined : rest.length - page.length,
  };
}

function checkOptions({ resourceVersion, resourceVersionMatch, continueToken }: ListOptions): void {
  const refuse = (field: string, why: string): never => {
    throw new ApiError(422, "Invalid", `ListOptions.meta.k8s.io "" is invalid: ${field}: ${why}`, {
      details: {
        group: "meta.k8s.io",
        kind: "ListOptions",
        causes: [{ reason: "FieldValueForbidden", message: why, field }],
      },
    });
  };
  if (resourceVersionMatch !== "" && resourceVersion === "") {
    refuse("resourceVersionMatch", "Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided");
  }
  if (resourceVersionMatch === "Exact" && resourceVersion === "0") {
    refuse("resourceVersionMatch", 'Forbidden: resourceVersionMatch "exact" is forbidden for resourceVersion "0"');
  }
  if (continueToken !== "" && resourceVersion !== "" && resourceVersion !== "0") {
    throw badRequest("specifying resource version is not allowed when using continue");
  }
}

function wantedRevision(store: ObjectStore, { resourceVersion, resourceVersionMatch, limit }: ListOptions): number {
  const asked = parseRevision(resourceVersion);
  if (asked > store.revision) throw tooLargeResourceVersion(asked, store.revision);
  // A page of an old version is that version; without a limit anything not older will do.
  const isExact = resourceVersionMatch === "Exact" || (limit > 0 && asked > 0 && resourceVersionMatch === "");
  return isExact ? asked : store.revision;
}

/** The number in a resource version; 0 where none is given. @throws ApiError 400 */
export function parseRevision(text: string): number {
  if (text === "") return 0;
  if (!/^\d+$/.test(text))
    throw badRequest(`Invalid value: "${text}": strconv.ParseUint: parsing "${text}": invalid syntax`);
  return Number(text);
}
