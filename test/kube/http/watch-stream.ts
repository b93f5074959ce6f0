/**
 * A watch: changes as lines of JSON, for as long as the client and the server want.
 * @module
 */
import type { ServerResponse } from "node:http";
import { ApiError, expired } from "../api/api-error.ts";
import type { Json, JsonObject } from "../api/json.ts";
import type { KubeObject } from "../api/kube-object.ts";
import { apiVersionOf, resourceKey } from "../kinds/resource-type.ts";
import type { Endpoint } from "../storage/decode.ts";
import { blank } from "../storage/decode.ts";
import { type ListOptions, parseRevision, selection } from "../storage/list.ts";
import type { ObjectStore, StoreEvent } from "../storage/object-store.ts";

/** What a watch request asks for beyond a list. */
export interface WatchOptions extends ListOptions {
  readonly bookmarks: boolean;
  readonly sendInitialEvents: boolean;
  /** Milliseconds until the server ends it; 0: when it likes. */
  readonly timeoutMs: number;
}

/** What a watch needs from the server. */
export interface WatchHost {
  readonly store: ObjectStore;
  readonly bookmarkMs: number;
  /** How long a watch lives whose client names no time. */
  readonly longestWatchMs: number;
  /** Whether streaming lists are offered; older servers refuse them. */
  readonly streamingLists: boolean;
}

/** An open watch. */
export interface OpenWatch {
  readonly resource: string;
  readonly namespace: string;
  /** From now on nothing is sent, and the connection stays open. */
  silence(): void;
  /** Ends the connection in the middle. */
  cut(): void;
  /** Ends it as a time-out does. */
  end(): void;
  /** Tells the client that its version is too old, and ends. */
  expire(): void;
}

/** Where a watch is answered, and the list that it is in for as long as it is open. */
export interface WatchChannel {
  readonly response: ServerResponse;
  readonly open: Set<OpenWatch>;
}

/** Serves a watch. @throws ApiError 400, 422 before anything was sent */
export function openWatch(host: WatchHost, endpoint: Endpoint, options: WatchOptions, channel: WatchChannel): void {
  const stream = new WatchStream(host, endpoint, { options, ...channel });
  channel.response.once("close", () => stream.stop());
  stream.start();
}

class WatchStream implements OpenWatch {
  readonly resource: string;
  readonly namespace: string;
  readonly #host: WatchHost;
  readonly #endpoint: Endpoint;
  readonly #options: WatchOptions;
  readonly #response: ServerResponse;
  readonly #open: Set<OpenWatch>;
  #isOver = false;
  readonly #asked: number;
  readonly #fits: (object: JsonObject) => boolean;
  #isSilent = false;
  #timers: NodeJS.Timeout[] = [];
  #unsubscribe = (): void => {};

  constructor(
    host: WatchHost,
    endpoint: Endpoint,
    { options, response, open }: WatchChannel & { readonly options: WatchOptions },
  ) {
    this.#host = host;
    this.#endpoint = endpoint;
    this.#options = options;
    this.#response = response;
    this.#open = open;
    this.resource = resourceKey(endpoint.type);
    this.namespace = options.namespace;
    this.#fits = selection(endpoint, options);
    this.#asked = parseRevision(options.resourceVersion);
    checkWatch(options, host);
  }

  start(): void {
    const { store, bookmarkMs, longestWatchMs } = this.#host;
    this.#open.add(this);
    this.#response.writeHead(200, { "content-type": "application/json", "transfer-encoding": "chunked" });
    this.#response.flushHeaders();
    const asked = this.#asked;
    const oldest = store.oldestOf(this.resource);
    const isFromStart = asked === 0 || this.#options.sendInitialEvents;
    if (!isFromStart && asked < oldest) {
      this.#refuse(asked, oldest);
      return;
    }
    this.#unsubscribe = store.subscribe((event) => this.#changed(event));
    if (this.#options.sendInitialEvents) this.#sendAll(true);
    else if (asked === 0) this.#sendAll(false);
    else for (const event of store.since(this.resource, asked)) this.#changed(event);
    const { timeoutMs, bookmarks } = this.#options;
    this.#timers.push(setTimeout(() => this.end(), timeoutMs > 0 ? timeoutMs : longestWatchMs));
    if (bookmarks) this.#timers.push(setInterval(() => this.#bookmark({}), bookmarkMs));
  }

  stop(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#open.delete(this);
    this.#unsubscribe();
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers = [];
  }

  silence(): void {
    this.#isSilent = true;
  }

  cut(): void {
    this.stop();
    this.#response.destroy();
  }

  end(): void {
    if (this.#isSilent) return;
    this.stop();
    this.#response.end();
  }

  expire(): void {
    this.#refuse(this.#asked, this.#host.store.revision);
  }

  #refuse(asked: number, oldest: number): void {
    this.#send("ERROR", expired(`too old resource version: ${asked} (${oldest})`).status);
    this.end();
  }

  #sendAll(endsWithBookmark: boolean): void {
    for (const { object } of this.#host.store.list(this.resource, this.namespace)) {
      if (this.#fits(object)) this.#send("ADDED", this.#shown(object));
    }
    if (endsWithBookmark && this.#options.bookmarks)
      this.#bookmark({ annotations: { "k8s.io/initial-events-end": "true" } });
  }

  /** An object that comes to fit the selectors is new to this watch; one that ceases to fit is gone. */
  #changed({ type, resource, object, previous }: StoreEvent): void {
    if (resource !== this.resource) return;
    const didFit = previous !== undefined && this.#fits(previous);
    const fits = type !== "DELETED" && this.#fits(object);
    if (fits) this.#send(didFit ? "MODIFIED" : "ADDED", this.#shown(object));
    else if (didFit) this.#send("DELETED", this.#shown(type === "DELETED" ? object : lastSeen(previous, object)));
  }

  #bookmark(metadata: JsonObject): void {
    const { type, version } = this.#endpoint;
    const object: JsonObject = { ...blank(this.#endpoint) };
    object["kind"] = type.kind;
    object["apiVersion"] = apiVersionOf(type.group, version.name);
    object["metadata"] = { ...metadata, resourceVersion: String(this.#host.store.revision) };
    this.#send("BOOKMARK", object);
  }

  #shown(object: KubeObject): JsonObject {
    const apiVersion = apiVersionOf(this.#endpoint.type.group, this.#endpoint.version.name);
    return object.apiVersion === apiVersion ? object : { ...object, apiVersion };
  }

  #send(type: string, object: Json): void {
    if (!this.#isSilent) this.#response.write(`${JSON.stringify({ type, object })}\n`);
  }
}

/** What ceased to fit is shown as it last fitted, under the version of the change. */
function lastSeen(previous: KubeObject, object: KubeObject): KubeObject {
  return { ...previous, metadata: { ...previous.metadata, resourceVersion: object.metadata.resourceVersion } };
}

function checkWatch(
  { sendInitialEvents, resourceVersionMatch, bookmarks }: WatchOptions,
  { streamingLists }: WatchHost,
): void {
  const refuse = (field: string, why: string): never => {
    throw new ApiError(422, "Invalid", `ListOptions.meta.k8s.io "" is invalid: ${field}: ${why}`, {
      details: {
        group: "meta.k8s.io",
        kind: "ListOptions",
        causes: [{ reason: "FieldValueForbidden", message: why, field }],
      },
    });
  };
  if (sendInitialEvents && !streamingLists) {
    const words = "sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled";
    refuse("sendInitialEvents", `Forbidden: ${words}`);
  }
  if (sendInitialEvents && resourceVersionMatch !== "NotOlderThan") {
    refuse(
      "resourceVersionMatch",
      "Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan",
    );
  }
  if (sendInitialEvents && !bookmarks) {
    refuse("allowWatchBookmarks", "Forbidden: sendInitialEvents requires setting allowWatchBookmarks to true");
  }
  if (!sendInitialEvents && resourceVersionMatch !== "") {
    refuse(
      "resourceVersionMatch",
      "Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided",
    );
  }
}
