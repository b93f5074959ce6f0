/**
 * The Services and EndpointSlices of one namespace in memory, changed as an API server would change them: enough to
 * carry out what the switch of a Service plans.
 * @module
 */
import {
  ClusterService,
  ClusterSlice,
  type TakeoverChange,
  type TakeoverResource,
  type TakeoverView,
} from "../../src/model/takeover.ts";
import { RELEASED_ANNOTATION } from "../../src/model/origin.ts";
import { originName } from "../../src/core/takeover/origin.ts";

type Stored = Record<string, unknown> & { metadata: Record<string, unknown> & { name: string } };

/** A namespace with one Service, `web`. */
export class ServiceCluster {
  readonly #objects: Record<TakeoverResource, Map<string, Stored>> = { services: new Map(), endpointSlices: new Map() };
  #version = 0;

  constructor(spec: Readonly<Record<string, unknown>> = {}, metadata: Readonly<Record<string, unknown>> = {}) {
    this.put("services", {
      metadata: { name: "web", namespace: "shop", uid: "uid-web", ...metadata },
      spec: {
        clusterIP: "10.96.0.1",
        selector: { app: "web" },
        ports: [{ name: "http", port: 80, targetPort: "web" }],
        ...spec,
      },
    });
  }

  /** Creates or replaces an object. */
  put(resource: TakeoverResource, object: Stored): void {
    this.#version += 1;
    const metadata = { uid: `uid-${object.metadata.name}`, ...object.metadata, resourceVersion: String(this.#version) };
    this.#objects[resource].set(object.metadata.name, { ...object, metadata });
  }

  /** Removes an object. */
  remove(resource: TakeoverResource, name: string): void {
    this.#objects[resource].delete(name);
  }

  /** An object as it is stored. */
  get(resource: TakeoverResource, name: string): Stored | undefined {
    return this.#objects[resource].get(name);
  }

  /** What is there besides the Service itself. */
  extras(): readonly string[] {
    return [...this.#objects.services.keys(), ...this.#objects.endpointSlices.keys()].filter((name) => name !== "web");
  }

  /** The Service's selector. */
  get selector(): unknown {
    return (this.get("services", "web")?.["spec"] as { selector?: unknown } | undefined)?.selector;
  }

  /** Whether each endpoint of Tandem's slices is ready. */
  get ready(): readonly boolean[] {
    return this.#slices().flatMap(({ endpoints }) =>
      (endpoints ?? []).map(({ conditions }) => conditions.ready === true),
    );
  }

  /** What there is now, with what a test says of the rest. */
  view(rest: Partial<TakeoverView> = {}): TakeoverView {
    const [service, origin] = ["web", originName("web")].map((name) => {
      const found = this.get("services", name);
      return found === undefined ? undefined : ClusterService.parse(found);
    });
    const now = rest.now ?? Date.parse("2026-05-01T12:00:00Z");
    const releasedAt = Date.parse(origin?.metadata.annotations[RELEASED_ANNOTATION] ?? "");
    return {
      policy: { uid: "uid-policy", mode: "Gateway" },
      service,
      origin,
      gatewaySlices: this.#slices(),
      gateways: [{ name: "west-1", addresses: { IPv4: "10.1.0.9" } }],
      listenPorts: new Map([[80, 20_001]]),
      switched: false,
      returned: true,
      now,
      timestamp: new Date(now).toISOString(),
      releasedAt: Number.isNaN(releasedAt) ? undefined : releasedAt,
      originCreatedAt: undefined,
      drainMs: 0,
      ...rest,
    };
  }

  /** Carries out changes; one that is not of what there is now any more is refused, as an API server would. */
  apply(changes: readonly TakeoverChange[]): void {
    for (const change of changes) this.#applyOne(change);
  }

  #applyOne(change: TakeoverChange): void {
    const objects = this.#objects[change.resource];
    if (change.do === "create") {
      if (!objects.has(change.object.metadata.name))
        this.put(change.resource, structuredClone(change.object) as unknown as Stored);
      return;
    }
    const now = objects.get(change.name);
    if (now === undefined) return;
    if (change.do === "delete") {
      if (now.metadata["uid"] === change.uid) objects.delete(change.name);
    } else if (now.metadata["resourceVersion"] === change.resourceVersion)
      this.put(change.resource, mergePatch(now, change.patch) as Stored);
  }

  #slices(): readonly ClusterSlice[] {
    return [...this.#objects.endpointSlices.values()].map((slice) => ClusterSlice.parse(slice));
  }
}

/** RFC 7396. */
function mergePatch(target: unknown, patch: unknown): unknown {
  if (typeof patch !== "object" || patch === null || Array.isArray(patch)) return patch;
  const merged: Record<string, unknown> =
    typeof target === "object" && target !== null && !Array.isArray(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key];
    else merged[key] = mergePatch(merged[key], value);
  }
  return merged;
}
