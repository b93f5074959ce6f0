/**
 * What the API server does with one kind of object: the order of checks is that of the real one.
 * @module
 */
import { randomUUID } from "node:crypto";
import {
  type ApiError,
  alreadyExists,
  badRequest,
  conflict,
  forbidden,
  invalid,
  invalidValue,
  modified,
  notFound,
} from "../api/api-error.ts";
import { equal, type Json, type JsonObject, objectAt, textAt } from "../api/json.ts";
import { type Draft, finalizersOf, isTerminating, type KubeObject, nameOf, namespaceOf } from "../api/kube-object.ts";
import type { FieldPath } from "../fields/field-set.ts";
import { applyConfiguration, ownAfterUpdate, type Writer } from "../fields/managed-fields.ts";
import { apiVersionOf, resourceKey, type ResourceType } from "../kinds/resource-type.ts";
import { applyJsonPatch } from "../patch/json-patch.ts";
import { applyMergePatch } from "../patch/merge-patch.ts";
import { applyStrategicMergePatch } from "../patch/strategic-merge-patch.ts";
import { checkObject } from "./check-object.ts";
import { blank, checkConfiguration, complete, decode, type Endpoint } from "./decode.ts";
import { checkPreconditions, finalizersAfter, gracePeriod, namespaceIsFinal } from "./deletion.ts";
import { checkFinalizers, dropEmpty, isSame, keptMetadata } from "./kept-metadata.ts";
import type { ObjectStore } from "./object-store.ts";
import type { DeleteOptions, PatchRequest, WriteOptions } from "./write-options.ts";

/** What storing depends on. */
export interface StorageWorld {
  readonly store: ObjectStore;
  /** Unix milliseconds, by the simulated clock. */
  readonly now: () => number;
}

/** An answer to a write. */
export interface Written {
  readonly object: KubeObject;
  readonly created: boolean;
}

/** An answer to a delete: the object as it is now, and whether it is gone. */
export interface Deleted {
  readonly object: KubeObject;
  readonly gone: boolean;
}

/** RFC 3339 with whole seconds, as metadata has it. */
export function timestamp(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

/** Where an object is. */
export interface Place {
  readonly namespace: string;
  readonly name: string;
}

/** Reads and writes objects of one resource in one version. */
export class ResourceStorage {
  readonly endpoint: Endpoint;
  readonly #world: StorageWorld;

  constructor(endpoint: Endpoint, world: StorageWorld) {
    this.endpoint = endpoint;
    this.#world = world;
  }

  get #type(): ResourceType {
    return this.endpoint.type;
  }

  get #key(): string {
    return resourceKey(this.#type);
  }

  /** @throws ApiError 404 */
  get(place: Place): KubeObject {
    const object = this.#find(place);
    if (object === undefined) throw notFound(this.#type, place.name);
    return object;
  }

  /** Stores a new object. @throws ApiError 400, 403, 404, 409, 422 */
  create(namespace: string, body: Json, options: WriteOptions): KubeObject {
    const draft = decode(this.endpoint, body, options);
    return this.#create(
      namespace,
      draft,
      (ready) => this.#ownAsUpdate(blank(this.endpoint), ready, "", options),
      options,
    );
  }

  /** Replaces an object, or its status. @throws ApiError 400, 404, 409, 422 */
  update(place: Place, body: Json, subresource: string, options: WriteOptions): Written {
    const draft = decode(this.endpoint, body, options);
    const live = this.#find(place);
    const sentName = nameOf(draft);
    if (sentName !== "" && sentName !== place.name) {
      throw badRequest(`the name of the object (${sentName}) does not match the name on the URL (${place.name})`);
    }
    if (live === undefined) {
      if (!this.#type.createOnUpdate || subresource !== "") throw notFound(this.#type, place.name);
      const own = (ready: Draft): Json[] => this.#ownAsUpdate(blank(this.endpoint), ready, "", options);
      return { object: this.#create(place.namespace, draft, own, options), created: true };
    }
    const revision = textAt(draft, "metadata", "resourceVersion") ?? "";
    if (revision === "" && !this.#type.unconditionalUpdate) {
      const problem = invalidValue("metadata.resourceVersion", 0, "must be specified for an update");
      throw invalid(this.#type, place.name, [problem]);
    }
    const object = this.#replace(live, draft, { subresource, options, own: undefined });
    return { object, created: false };
  }

  /** Applies a patch. @throws ApiError 400, 404, 409, 415, 422 */
  patch(place: Place, request: PatchRequest, options: WriteOptions): Written {
    if (request.kind === "apply") return this.#apply(place, request, options);
    const live = this.get(place);
    const shown = this.inVersion(live);
    const patched = this.#patched(shown, request);
    const draft = decode(this.endpoint, patched, options);
    return {
      object: this.#replace(live, draft, { subresource: request.subresource, options, own: undefined }),
      created: false,
    };
  }

  /** Deletes an object, or marks it when finalizers or a grace period hold it. @throws ApiError 404, 409 */
  delete(place: Place, options: DeleteOptions): Deleted {
    const live = this.get(place);
    checkPreconditions(this.#type, live, options);
    const holders = finalizersAfter(this.#type, live, options);
    const grace = gracePeriod(this.#type, live, options);
    const isHeldBySpec = this.#key === "/namespaces" && !namespaceIsFinal(live);
    if (holders.length === 0 && grace === 0 && !isHeldBySpec) {
      if (!options.dryRun) this.#remove(live);
      return { object: live, gone: true };
    }
    const metadata: JsonObject = { ...live.metadata };
    if (holders.length > 0) metadata["finalizers"] = [...holders];
    const isAgain = isTerminating(live);
    if (!isAgain || grace < Number(metadata["deletionGracePeriodSeconds"] ?? 0)) {
      metadata["deletionTimestamp"] = timestamp(this.#world.now() + grace * 1_000);
      metadata["deletionGracePeriodSeconds"] = grace;
    }
    if (!isAgain && typeof metadata["generation"] === "number") metadata["generation"] += 1;
    const marked: JsonObject = { ...live, metadata };
    if (this.#key === "/namespaces") marked["status"] = { ...objectAt(live, "status"), phase: "Terminating" };
    if (equal(marked, live)) return { object: live, gone: false };
    return { object: this.#store(marked, options.dryRun), gone: false };
  }

  /** An object as this version shows it. */
  inVersion(object: KubeObject): KubeObject {
    const apiVersion = apiVersionOf(this.#type.group, this.endpoint.version.name);
    return object.apiVersion === apiVersion ? object : { ...object, apiVersion };
  }

  #find({ namespace, name }: Place): KubeObject | undefined {
    return this.#world.store.get(this.#key, keyOf(namespace, name));
  }

  #create(namespace: string, draft: Draft, own: (ready: Draft) => Json[], options: WriteOptions): KubeObject {
    const metadata: JsonObject = { ...objectAt(draft, "metadata") };
    draft["metadata"] = metadata;
    this.#settleNamespace(namespace, metadata);
    if (typeof metadata["resourceVersion"] === "string" && metadata["resourceVersion"] !== "") {
      throw badRequest("resourceVersion should not be set on objects to be created");
    }
    if ((metadata["name"] ?? "") === "" && typeof metadata["generateName"] === "string") {
      metadata["name"] = metadata["generateName"] + randomUUID().slice(0, 5);
      if (this.#key === "/namespaces") this.#type.rules.fill?.(draft);
    }
    const now = this.#world.now();
    const current = draft["metadata"] as JsonObject;
    for (const field of ["deletionTimestamp", "deletionGracePeriodSeconds", "selfLink"]) delete current[field];
    dropEmpty(current);
    current["uid"] = randomUUID();
    current["creationTimestamp"] = timestamp(now);
    if (this.#type.hasGeneration) current["generation"] = 1;
    else delete current["generation"];
    const managedFields = own(draft);
    this.#resetStatus(draft);
    this.#type.rules.decide?.(draft, undefined);
    checkObject(this.endpoint, draft, undefined);
    this.#checkNamespace(namespace, nameOf(draft));
    const final = draft["metadata"] as JsonObject;
    delete final["managedFields"];
    if (managedFields.length > 0) final["managedFields"] = managedFields;
    if (this.#find({ namespace, name: nameOf(draft) }) !== undefined) throw alreadyExists(this.#type, nameOf(draft));
    draft["apiVersion"] = apiVersionOf(this.#type.group, this.#type.storageVersion);
    return this.inVersion(this.#store(draft, options.dryRun));
  }

  #settleNamespace(namespace: string, metadata: JsonObject): void {
    const sent = typeof metadata["namespace"] === "string" ? metadata["namespace"] : "";
    if (!this.#type.namespaced) delete metadata["namespace"];
    else if (sent !== "" && sent !== namespace) {
      throw badRequest("the namespace of the provided object does not match the namespace sent on the request");
    } else metadata["namespace"] = namespace;
  }

  #checkNamespace(namespace: string, name: string): void {
    if (!this.#type.namespaced) return;
    const found = this.#world.store.get("/namespaces", namespace);
    if (found === undefined) throw notFound({ group: "", plural: "namespaces" }, namespace);
    if (!isTerminating(found)) return;
    throw terminating(this.#type, name, namespace);
  }

  #resetStatus(draft: Draft): void {
    if (!this.endpoint.version.status || this.#type.keepsStatus) return;
    if (this.#type.custom) delete draft["status"];
    else {
      delete draft["status"];
      const initial = blank(this.endpoint)["status"];
      if (initial !== undefined) draft["status"] = initial;
    }
  }

  /** Puts a changed object in the place of a live one, with everything that a client may not change kept. */
  #replace(live: KubeObject, draft: Draft, change: Change): KubeObject {
    const { subresource, options } = change;
    const shown = this.inVersion(live);
    this.#checkIdentity(live, draft);
    const sent = subresource === "status" ? this.#onlyStatus(shown, draft) : this.#withoutStatus(shown, draft);
    const metadata = keptMetadata(live, objectAt(sent, "metadata"));
    sent["metadata"] = metadata;
    const managedFields = change.own ?? this.#ownAsUpdate(shown, sent, subresource, options);
    if (subresource === "") this.#type.rules.decide?.(sent, live);
    delete metadata["managedFields"];
    if (managedFields.length > 0) metadata["managedFields"] = managedFields;
    if (isSame(shown, sent)) return shown;
    if (this.#type.hasGeneration && !equal(desired(this.endpoint, shown), desired(this.endpoint, sent))) {
      metadata["generation"] = Number(metadata["generation"] ?? 0) + 1;
    }
    checkObject(this.endpoint, sent, shown);
    checkFinalizers(this.#type, live, sent);
    sent["apiVersion"] = apiVersionOf(this.#type.group, this.#type.storageVersion);
    const isReleased =
      isTerminating(live) && finalizersOf(sent).length === 0 && metadata["deletionGracePeriodSeconds"] === 0;
    if (isReleased && (this.#key !== "/namespaces" || namespaceIsFinal(sent))) {
      const last = { ...sent, metadata: { ...metadata, resourceVersion: live.metadata.resourceVersion } } as KubeObject;
      if (!options.dryRun) this.#remove(last);
      return this.inVersion(last);
    }
    return this.inVersion(this.#store(sent, options.dryRun, live));
  }

  #checkIdentity(live: KubeObject, draft: Draft): void {
    const uid = textAt(draft, "metadata", "uid") ?? "";
    if (uid !== "" && uid !== live.metadata.uid) {
      const why = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${live.metadata.uid}`;
      throw conflict(this.#type, nameOf(live), why);
    }
    const revision = textAt(draft, "metadata", "resourceVersion") ?? "";
    if (revision !== "" && revision !== "0" && revision !== live.metadata.resourceVersion) {
      throw modified(this.#type, nameOf(live));
    }
  }

  #onlyStatus(live: KubeObject, draft: Draft): Draft {
    const { status: _, ...rest } = live;
    const status = draft["status"];
    const kept: Draft = status === undefined ? { ...rest } : { ...rest, status };
    // Labels and annotations of the server's own kinds may change along with their status.
    if (!this.#type.custom) kept["metadata"] = { ...objectAt(draft, "metadata") };
    return kept;
  }

  #withoutStatus(live: KubeObject, draft: Draft): Draft {
    if (!this.endpoint.version.status) return { ...draft };
    const { status: _, ...rest } = draft;
    return live["status"] === undefined ? rest : { ...rest, status: live["status"] };
  }

  #patched(shown: KubeObject, { kind, body }: PatchRequest): Json {
    if (kind === "json") return applyJsonPatch(shown, body);
    if (kind === "merge") return applyMergePatch(shown, body);
    return applyStrategicMergePatch(this.endpoint.version.schema, shown, body);
  }

  #apply(place: Place, request: PatchRequest, options: WriteOptions): Written {
    const configuration = this.#configuration(place, request.body);
    const live = this.#find(place);
    const writer = this.#writer("Apply", request.subresource, options.manager);
    const force = request.force;
    const ownership = { schema: this.endpoint.version.schema, reset: this.#resetFields(request.subresource) };
    if (live === undefined) {
      if (request.subresource !== "") throw notFound(this.#type, place.name);
      if (textAt(configuration, "metadata", "uid") !== undefined) {
        throw conflict(
          this.#type,
          place.name,
          "uid mismatch: the provided object specified a uid, and no existing object was found",
        );
      }
      const { object, managedFields } = applyConfiguration(ownership, {}, configuration, { writer, force });
      const draft = complete(this.endpoint, object);
      return { object: this.#create(place.namespace, draft, () => managedFields, options), created: true };
    }
    const shown = this.inVersion(live);
    const { object, managedFields } = applyConfiguration(ownership, shown, configuration, { writer, force });
    const draft = complete(this.endpoint, object);
    const change = { subresource: request.subresource, options, own: managedFields };
    return { object: this.#replace(live, draft, change), created: false };
  }

  #configuration(place: Place, body: Json): JsonObject {
    const { kind, apiVersion } = decode(this.endpoint, body, {
      fieldValidation: "Ignore",
      duplicates: [],
      warn: () => {},
    });
    const configuration = { ...(body as JsonObject), kind: kind ?? "", apiVersion: apiVersion ?? "" };
    const metadata: JsonObject = { ...objectAt(configuration, "metadata") };
    if (Array.isArray(metadata["managedFields"]) && metadata["managedFields"].length > 0) {
      throw badRequest("metadata.managedFields must be nil");
    }
    const sent = metadata["name"] ?? place.name;
    if (sent !== place.name) {
      throw badRequest(`name in URL does not match name in metadata: ${String(sent as string)} != ${place.name}`);
    }
    metadata["name"] = place.name;
    const named: JsonObject = { ...configuration, metadata };
    const label = place.namespace === "" ? place.name : `${place.namespace}/${place.name}`;
    checkConfiguration(this.endpoint, named, label);
    return named;
  }

  #ownAsUpdate(live: JsonObject, next: Draft, subresource: string, options: WriteOptions): Json[] {
    const writer = this.#writer("Update", subresource, options.manager);
    const ownership = { schema: this.endpoint.version.schema, reset: this.#resetFields(subresource) };
    return ownAfterUpdate(ownership, live, next, writer);
  }

  #writer(operation: "Apply" | "Update", subresource: string, manager: string): Writer {
    const apiVersion = apiVersionOf(this.#type.group, this.endpoint.version.name);
    return { manager, operation, apiVersion, subresource, time: timestamp(this.#world.now()) };
  }

  #resetFields(subresource: string): readonly FieldPath[] {
    if (subresource === "status") return this.#type.custom ? [["f:spec"], ["f:metadata"]] : [["f:spec"]];
    return this.endpoint.version.status && !this.#type.keepsStatus ? [["f:status"]] : [];
  }

  #store(object: JsonObject, dryRun: boolean, live?: KubeObject): KubeObject {
    if (dryRun) {
      const { resourceVersion: _, ...rest } = objectAt(object, "metadata");
      const revision = live === undefined ? {} : { resourceVersion: live.metadata.resourceVersion };
      return { ...object, metadata: { ...rest, ...revision } } as KubeObject;
    }
    return this.#world.store.put(this.#key, keyOf(namespaceOf(object), nameOf(object)), object);
  }

  #remove(object: KubeObject): void {
    this.#world.store.delete(this.#key, keyOf(namespaceOf(object), nameOf(object)), object);
    this.#type.rules.released?.(object);
  }
}

/** How an object replaces another. */
interface Change {
  readonly subresource: string;
  readonly options: WriteOptions;
  /** Managed fields, where they are known already. */
  readonly own: Json[] | undefined;
}

/** `namespace/name`, or `name` of a cluster's object. */
export function keyOf(namespace: string, name: string): string {
  return namespace === "" ? name : `${namespace}/${name}`;
}

/** The part of an object whose change is a new generation. */
function desired({ type, version }: Endpoint, object: JsonObject): JsonObject {
  const { metadata: _, ...rest } = object;
  if (!version.status && type.custom) return rest;
  const { status: __, ...wanted } = rest;
  return wanted;
}

function terminating(type: ResourceType, name: string, namespace: string): ApiError {
  const why = `unable to create new content in namespace ${namespace} because it is being terminated`;
  const error = forbidden(type, name, why);
  const details = objectAt(error.status, "details");
  details["causes"] = [
    {
      reason: "NamespaceTerminating",
      message: `namespace ${namespace} is being terminated`,
      field: "metadata.namespace",
    },
  ];
  return error;
}
