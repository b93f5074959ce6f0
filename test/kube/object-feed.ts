/**
 * Objects of one resource, kept up to date by a list and watches: what an informer does.
 * @module
 */
import { type ApiAccess, askJson, watchEvents } from "./api-client.ts";
import { isObject, type Json, type JsonObject, listAt, textAt } from "./api/json.ts";

const RETRY_MS = 200;

/** Follows the objects under a path until it is closed; lists anew whenever a watch cannot go on. */
export class ObjectFeed {
  readonly objects = new Map<string, JsonObject>();
  readonly #access: ApiAccess;
  readonly #path: string;
  readonly #changed: () => void;
  readonly #end = new AbortController();
  readonly #listed = Promise.withResolvers<void>();

  constructor(access: ApiAccess, path: string, changed: () => void) {
    this.#access = access;
    this.#path = path;
    this.#changed = changed;
    void this.#run();
  }

  /** Resolves after the first list. */
  get listed(): Promise<void> {
    return this.#listed.promise;
  }

  close(): void {
    this.#end.abort();
  }

  async #run(): Promise<void> {
    while (!this.#end.signal.aborted) {
      try {
        await this.#follow(await this.#list());
      } catch {
        // Not reachable, cut or expired: what is known stays in force, as it does in a real one.
        await this.#pause();
      }
    }
  }

  async #list(): Promise<string> {
    const list = await askJson(this.#access, { path: this.#path });
    this.objects.clear();
    for (const object of listAt(list, "items")) this.#put(object);
    this.#changed();
    this.#listed.resolve();
    return textAt(list, "metadata", "resourceVersion") ?? "";
  }

  /** Watches from a version, and from the latest again whenever the server ends the watch in its time. */
  async #follow(from: string): Promise<void> {
    let version = from;
    for (;;) {
      const path = `${this.#path}?watch=1&allowWatchBookmarks=true&resourceVersion=${version}`;
      for await (const event of watchEvents(this.#access, path, this.#end.signal)) {
        const type = textAt(event, "type");
        if (type === "ERROR") throw new Error("expired");
        const object = isObject(event) ? event["object"] : undefined;
        version = textAt(object, "metadata", "resourceVersion") ?? version;
        if (type === "BOOKMARK" || object === undefined) continue;
        if (type === "DELETED") this.objects.delete(keyOf(object));
        else this.#put(object);
        this.#changed();
      }
    }
  }

  #put(object: Json): void {
    if (isObject(object)) this.objects.set(keyOf(object), object);
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, RETRY_MS);
      this.#end.signal.addEventListener("abort", () => {
        clearTimeout(timer);
        resolve();
      });
    });
  }
}

function keyOf(object: Json): string {
  return `${textAt(object, "metadata", "namespace") ?? ""}/${textAt(object, "metadata", "name") ?? ""}`;
}
