/**
 * What every store of a site's objects has to do, wherever they are kept. Each store's test runs this suite.
 * @module
 */
import { afterEach, beforeEach, expect, test } from "vitest";
import type { KindName } from "../../src/model/kinds/index.ts";
import type { ServiceKey } from "../../src/model/service-key.ts";
import type { ObjectStore } from "../../src/ports/object-store.ts";

/** A manifest as a person writes it. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: KindName;
  readonly metadata: Readonly<Record<string, unknown>> & { readonly name: string; readonly namespace?: string };
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly [field: string]: unknown;
}

/** A place where objects are kept, with a store that follows it. */
export interface StoreWorld {
  /** Not open yet. */
  readonly store: ObjectStore & { open(): Promise<void>; close(): void };
  /** Namespace that belongs to the test alone. */
  readonly namespace: string;
  /** Creates an object or replaces the one with its name; fulfilled when it is kept, seen or not. */
  put(manifest: Manifest): Promise<void>;
  /** Removes the object with that name. */
  remove(manifest: Manifest): Promise<void>;
  /** Ends everything. */
  close(): Promise<void>;
}

/** Runs the suite. @param open makes a place without objects */
export function objectStoreContract(open: () => Promise<StoreWorld>): void {
  let world: StoreWorld;
  beforeEach(async () => {
    world = await open();
  });
  afterEach(() => world.close());

  const key = (name: string): ServiceKey => `${world.namespace}/${name}`;
  const within = (name: string): { name: string; namespace: string } => ({ name, namespace: world.namespace });
  const service = (name: string, port = 80): Manifest => ({
    apiVersion: "v1",
    kind: "Service",
    metadata: within(name),
    spec: { selector: { app: name }, ports: [{ name: "http", port, protocol: "TCP", appProtocol: "http" }] },
  });
  const slice = (name: string, of: string, addresses: readonly string[]): Manifest => ({
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { ...within(name), labels: { "kubernetes.io/service-name": of } },
    addressType: "IPv4",
    ports: [{ name: "http", port: 8080, protocol: "TCP" }],
    endpoints: addresses.map((address) => ({ addresses: [address], conditions: { ready: true } })),
  });
  const policy = (name: string, target = name, sites = ["west", "east"]): Manifest => ({
    apiVersion: "tandem.dev/v1alpha1",
    kind: "FailoverPolicy",
    metadata: within(name),
    spec: {
      targetRefs: [{ group: "", kind: "Service", name: target }],
      sites: sites.map((site) => ({ name: site })),
    },
  });
  const order = (name: string, target: string, to: string): Manifest => ({
    apiVersion: "tandem.dev/v1alpha1",
    kind: "Switch",
    metadata: within(name),
    spec: { targetRef: { group: "", kind: "Service", name: target }, to },
  });

  /** Fulfilled once the store shows something; looks again after each change that it tells of. */
  async function until(isSo: () => boolean): Promise<void> {
    if (isSo()) return;
    const seen = Promise.withResolvers<void>();
    const stop = world.store.onChange(() => {
      if (isSo()) seen.resolve();
    });
    try {
      await seen.promise;
    } finally {
      stop();
    }
  }

  const portOf = (name: string): number | undefined => world.store.service(key(name))?.spec.ports[0]?.port;
  const addressesOf = (name: string): readonly string[] =>
    world.store
      .slicesOf(key(name))
      .flatMap(({ endpoints }) => endpoints.flatMap(({ addresses }) => addresses))
      .toSorted();

  test("what is there when it opens is there", async () => {
    for (const manifest of [
      service("web"),
      slice("web-1", "web", ["10.1.0.1"]),
      policy("web"),
      order("w", "web", "east"),
    ])
      await world.put(manifest);
    await world.store.open();
    const { store } = world;
    expect(portOf("web")).toBe(80);
    expect(addressesOf("web")).toEqual(["10.1.0.1"]);
    expect(store.policyOf(key("web"))?.spec.sites.map(({ name }) => name)).toEqual(["west", "east"]);
    expect(store.switchesOf(key("web")).map(({ spec }) => spec.to)).toEqual(["east"]);
    expect(store.targetedServices()).toEqual([key("web")]);
    expect(store.problems()).toEqual([]);
  });

  test("what a person left out has its default", async () => {
    await world.put(policy("web"));
    await world.store.open();
    const spec = world.store.policyOf(key("web"))?.spec;
    expect(spec).toMatchObject({
      prefer: "Local",
      minHealthyPercent: 50,
      retry: { attempts: 3, perTryTimeout: 1_000 },
    });
    expect(spec?.failback).toEqual({ mode: "Auto", holdDown: 30_000 });
  });

  test("a change names the Services to look at, and no others", async () => {
    await world.put(service("web"));
    await world.put(service("other"));
    await world.store.open();
    const told = new Set<ServiceKey>();
    world.store.onChange(({ services }) => services.forEach((name) => told.add(name)));
    await world.put(service("web", 81));
    await until(() => portOf("web") === 81);
    expect([...told]).toEqual([key("web")]);
  });

  test("each kind names its Service: policies, slices, switches", async () => {
    await world.store.open();
    const told: ServiceKey[] = [];
    world.store.onChange(({ services }) => told.push(...services));
    for (const manifest of [policy("p", "web"), slice("s", "web", ["10.1.0.1"]), order("o", "web", "east")])
      await world.put(manifest);
    await until(() => world.store.switches().length === 1 && addressesOf("web").length === 1);
    await until(() => world.store.policies().length === 1);
    expect(new Set(told)).toEqual(new Set([key("web")]));
  });

  test("what is removed is gone, and is told", async () => {
    await world.put(service("web"));
    await world.put(policy("web"));
    await world.store.open();
    const told = new Set<ServiceKey>();
    world.store.onChange(({ services }) => services.forEach((name) => told.add(name)));
    await world.remove(service("web"));
    await world.remove(policy("web"));
    await until(() => portOf("web") === undefined && world.store.targetedServices().length === 0);
    expect([...told]).toEqual([key("web")]);
  });

  test("several slices of a Service are all there, with what they say of their endpoints", async () => {
    await world.put(slice("web-1", "web", ["10.1.0.1", "10.1.0.2"]));
    const leaving = slice("web-2", "web", []);
    await world.put({
      ...leaving,
      endpoints: [{ addresses: ["10.1.0.3"], conditions: { ready: false, serving: true, terminating: true } }],
    });
    await world.put(slice("other-1", "other", ["10.1.0.9"]));
    await world.store.open();
    expect(addressesOf("web")).toEqual(["10.1.0.1", "10.1.0.2", "10.1.0.3"]);
    const conditions = world.store
      .slicesOf(key("web"))
      .flatMap(({ endpoints }) => endpoints.map((one) => one.conditions));
    expect(conditions.filter(({ terminating }) => terminating === true)).toHaveLength(1);
  });

  test("a slice without endpoints is one with none", async () => {
    await world.put(slice("web-1", "web", []));
    await world.store.open();
    expect(world.store.slicesOf(key("web"))).toHaveLength(1);
    expect(addressesOf("web")).toEqual([]);
  });

  test("a bad object leaves its last good content in force and is named with its field; the others still count", async () => {
    await world.put(service("web"));
    await world.store.open();
    const bad = service("web");
    await world.put({ ...bad, spec: { ...bad.spec, ports: [{ name: "http", port: 90, protocol: "UDP" }] } });
    await until(() => world.store.problems().length > 0);
    expect(portOf("web")).toBe(80);
    expect(world.store.problems().map(({ field }) => field)).toEqual(["spec.ports[0].protocol"]);
    await world.put(service("other"));
    await until(() => portOf("other") === 80);
    await world.put(service("web", 82));
    await until(() => portOf("web") === 82);
    expect(world.store.problems()).toEqual([]);
  });

  test("of two policies for one Service the one in force stays, and the other is a problem until it is alone", async () => {
    await world.put(policy("first", "web", ["west"]));
    await world.store.open();
    await world.put(policy("a-second", "web", ["east"]));
    await until(() => world.store.problems().length > 0);
    expect(world.store.policyOf(key("web"))?.metadata.name).toBe("first");
    expect(world.store.problems().map(({ field }) => field)).toEqual(["spec.targetRefs"]);
    await world.remove(policy("first", "web"));
    await until(() => world.store.policyOf(key("web"))?.metadata.name === "a-second");
    expect(world.store.problems()).toEqual([]);
  });

  test("a policy that gets another target lets go of the one before", async () => {
    await world.put(policy("p", "web"));
    await world.store.open();
    await world.put(policy("p", "api"));
    await until(() => world.store.policyOf(key("api")) !== undefined);
    expect(world.store.policyOf(key("web"))).toBeUndefined();
    expect(world.store.targetedServices()).toEqual([key("api")]);
  });

  test("hundreds of objects are all there, and each change is one Service", async () => {
    const names = Array.from({ length: 300 }, (_, index) => `many-${index}`);
    for (const name of names) await world.put(service(name));
    await world.store.open();
    expect(names.filter((name) => portOf(name) !== 80)).toEqual([]);
    const told = new Set<ServiceKey>();
    world.store.onChange(({ services }) => services.forEach((name) => told.add(name)));
    await world.put(service("many-7", 81));
    await until(() => portOf("many-7") === 81);
    expect([...told]).toEqual([key("many-7")]);
  });

  test("whoever stops listening hears nothing more", async () => {
    await world.store.open();
    let told = 0;
    const stop = world.store.onChange(() => {
      told += 1;
    });
    stop();
    await world.put(service("web"));
    await until(() => portOf("web") === 80);
    expect(told).toBe(0);
  });
}
