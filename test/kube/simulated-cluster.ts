/**
 * A Kubernetes API server with its controllers, without a cluster: for tests of what talks to one.
 * @module
 */
import { createServer, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { stringify } from "yaml";
import type { ApiAccess } from "./api-client.ts";
import type { Json, JsonObject } from "./api/json.ts";
import { textsAt } from "./api/json.ts";
import type { KubeObject } from "./api/kube-object.ts";
import type { ClusterOptions, ControllerName } from "./cluster-options.ts";
import {
  customResourceController,
  establish,
  establishingController,
  serveEstablished,
} from "./controllers/custom-resources.ts";
import { endpointSliceMirroringController } from "./controllers/endpoint-slice-mirroring.ts";
import { endpointSliceController } from "./controllers/endpoint-slices.ts";
import { endpointsController } from "./controllers/endpoints.ts";
import { garbageCollector } from "./controllers/garbage-collection.ts";
import { namespaceController } from "./controllers/namespaces.ts";
import { type Controller, Reconciler } from "./controllers/reconciler.ts";
import { ApiServer } from "./http/api-server.ts";
import { type AuditEntry, isWrite } from "./http/audit.ts";
import type { KnownUser } from "./http/authentication.ts";
import { Faults } from "./http/faults.ts";
import { type ServingCertificate, servingCertificate } from "./http/serving-certificate.ts";
import type { OpenWatch } from "./http/watch-stream.ts";
import { builtInTypes } from "./kinds/built-in-types.ts";
import { ServiceAddresses } from "./kinds/service-addresses.ts";
import { keepJournal } from "./storage/journal.ts";
import { ObjectStore } from "./storage/object-store.ts";
import { ServedResources } from "./storage/served-resources.ts";
import { controllerWrite } from "./storage/write-options.ts";

const ADMIN: KnownUser = { name: "admin", token: "admin-token", groups: ["system:masters"] };
const NAMESPACES = ["default", "kube-node-lease", "kube-public", "kube-system"];
const LONGEST_WATCH_S = 1_800;

const CONTROLLERS: Readonly<Record<ControllerName, (resources: ServedResources) => Controller>> = {
  endpointSlices: endpointSliceController,
  endpoints: endpointsController,
  endpointSliceMirroring: endpointSliceMirroringController,
  garbageCollection: garbageCollector,
  namespaces: namespaceController,
};

/** Which open watches something is done to; what is not given fits all. */
export interface WatchMatch {
  /** `group/plural`, e.g. `/services`, `discovery.k8s.io/endpointslices`. */
  readonly resource?: string;
  readonly namespace?: string;
}

/** One simulated cluster. */
export class SimulatedCluster {
  /** Faults that requests meet. */
  readonly faults = new Faults();
  readonly #options: ClusterOptions;
  readonly #store: ObjectStore;
  readonly #resources: ServedResources;
  readonly #api: ApiServer;
  readonly #reconcilers: Reconciler[] = [];
  readonly #sockets = new Set<Socket>();
  readonly #certificate: ServingCertificate | undefined;
  #server: Server | undefined;
  #place: { readonly host: string; port: number };
  #clockOffsetMs: number;

  private constructor(options: ClusterOptions, certificate: ServingCertificate | undefined) {
    this.#options = options;
    this.#certificate = certificate;
    this.#clockOffsetMs = options.clockOffsetMs ?? 0;
    this.#place = parsePlace(options.listen ?? "127.0.0.1:0");
    this.#store = new ObjectStore();
    const now = (): number => Date.now() + this.#clockOffsetMs;
    const addresses = new ServiceAddresses();
    const types = builtInTypes({ allowLoopback: options.allowLoopback ?? false, addresses, now });
    this.#resources = new ServedResources({ store: this.#store, now }, types);
    if (options.stateFile !== undefined) keepJournal(this.#store, options.stateFile);
    for (const { object } of this.#store.list("/services")) {
      for (const address of textsAt(object, "spec", "clusterIPs")) addresses.claim(address);
    }
    const secondMs = options.secondMs ?? 1_000;
    const watch = {
      store: this.#store,
      bookmarkMs: options.bookmarkMs ?? 60_000,
      longestWatchMs: LONGEST_WATCH_S * secondMs,
      streamingLists: options.streamingLists ?? true,
    };
    const users = options.users ?? [ADMIN];
    this.#api = new ApiServer({ resources: this.#resources, users, faults: this.faults, watch, secondMs });
  }

  /** Makes a cluster and waits until it answers. */
  static async start(options: ClusterOptions = {}): Promise<SimulatedCluster> {
    const { host } = parsePlace(options.listen ?? "127.0.0.1:0");
    const file = options.stateFile === undefined ? undefined : `${options.stateFile}.tls`;
    const certificate = options.tls === false ? undefined : await servingCertificate(host, file);
    const cluster = new SimulatedCluster(options, certificate);
    for (const name of [...NAMESPACES, ...(options.namespaces ?? [])]) cluster.#addNamespace(name);
    // At once, so that what was served before the process ended is served from its first moment on.
    serveEstablished(cluster.#resources);
    cluster.#startControllers();
    await cluster.#listen();
    return cluster;
  }

  /** `https://127.0.0.1:PORT`, or `http://` without TLS. */
  get url(): string {
    const { host, port } = this.#place;
    return `${this.#certificate === undefined ? "http" : "https"}://${host}:${port}`;
  }

  /** The authority that signed the server's certificate, PEM; empty without TLS. */
  get caPem(): string {
    return this.#certificate?.ca ?? "";
  }

  /** The token of a user. @throws when the cluster does not know the user */
  token(user = "admin"): string {
    const known = (this.#options.users ?? [ADMIN]).find(({ name }) => name === user);
    if (known === undefined) throw new Error(`the simulated cluster has no user ${user}`);
    return known.token;
  }

  /** What a client needs to ask as a user; `null`: as nobody. */
  access(user: string | null = "admin"): ApiAccess {
    return { url: this.url, caPem: this.caPem, ...(user === null ? {} : { token: this.token(user) }) };
  }

  /** A kubeconfig for a user, YAML. */
  kubeconfig({ user = "admin", namespace }: { readonly user?: string; readonly namespace?: string } = {}): string {
    const name = this.#options.name ?? "simulated";
    const server: JsonObject = { server: this.url };
    if (this.caPem !== "") server["certificate-authority-data"] = Buffer.from(this.caPem).toString("base64");
    return stringify({
      apiVersion: "v1",
      kind: "Config",
      "current-context": name,
      clusters: [{ name, cluster: server }],
      users: [{ name: user, user: { token: this.token(user) } }],
      contexts: [{ name, context: { cluster: name, user, ...(namespace === undefined ? {} : { namespace }) } }],
    });
  }

  /** Every request since the start or the last {@link forgetRequests}, in the order in which they came. */
  get requests(): readonly AuditEntry[] {
    return this.#api.requests;
  }

  /** Requests that changed something. */
  get writes(): readonly AuditEntry[] {
    return this.#api.requests.filter(isWrite);
  }

  /** Begins the log of requests anew. */
  forgetRequests(): void {
    this.#api.requests.length = 0;
  }

  /** The latest revision, as `resourceVersion` shows it. */
  get revision(): string {
    return String(this.#store.revision);
  }

  /** An object as it is stored; undefined when there is none. `resource` is `group/plural`. */
  read(resource: string, name: string, namespace = ""): KubeObject | undefined {
    return this.#store.get(resource, namespace === "" ? name : `${namespace}/${name}`);
  }

  /** Objects of a resource. */
  list(resource: string, namespace = ""): readonly KubeObject[] {
    return this.#store.list(resource, namespace).map(({ object }) => object);
  }

  /** Creates an object without a request, or replaces it along with its status, as if its owner had. @throws ApiError */
  seed(resource: string, object: JsonObject, namespace = ""): KubeObject {
    const storage = this.#resources.storage(resource);
    const write = controllerWrite("seed");
    const place = { namespace, name: String((object["metadata"] as JsonObject)["name"] as string) };
    const known = this.read(resource, place.name, namespace);
    const metadata = { ...(object["metadata"] as JsonObject), resourceVersion: known?.metadata.resourceVersion ?? "" };
    const body = { ...object, metadata };
    const main =
      known === undefined ? storage.create(namespace, body, write) : storage.update(place, body, "", write).object;
    const status: Json | undefined = object["status"];
    if (status === undefined || !storage.endpoint.version.status) return main;
    return storage.update(place, { ...main, status }, "status", write).object;
  }

  /** Deletes an object without a request, at once unless finalizers hold it. @throws ApiError 404 */
  remove(resource: string, name: string, namespace = ""): void {
    this.#resources.storage(resource).delete({ namespace, name }, { dryRun: false, gracePeriodSeconds: 0 });
  }

  /** Resolves with the value when a check of the objects gives one; looks again after every change. */
  until<T>(check: (cluster: SimulatedCluster) => T | undefined | false): Promise<T> {
    return new Promise((resolve, reject) => {
      let unsubscribe = (): void => {};
      const look = (): void => {
        try {
          const found = check(this);
          if (found === undefined || found === false) return;
          unsubscribe();
          resolve(found);
        } catch (error) {
          unsubscribe();
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      };
      unsubscribe = this.#store.subscribe(look);
      look();
    });
  }

  /** Serves a definition now, when `establishAfterMs` is `never`. */
  establish(name: string): void {
    establish(this.#resources, name);
  }

  /** Sets what is added to the time in timestamps, in milliseconds. */
  set clockOffsetMs(ms: number) {
    this.#clockOffsetMs = ms;
  }

  /** How many watches are open. */
  openWatches(match: WatchMatch = {}): number {
    return this.#matching(match).length;
  }

  /** Cuts open watches in the middle. */
  cutWatches(match: WatchMatch = {}): void {
    for (const watch of this.#matching(match)) watch.cut();
  }

  /** Makes open watches half-open: the connection stays, and nothing more is sent. */
  silenceWatches(match: WatchMatch = {}): void {
    for (const watch of this.#matching(match)) watch.silence();
  }

  /** Answers open watches with 410 Expired. */
  expireWatches(match: WatchMatch = {}): void {
    for (const watch of this.#matching(match)) watch.expire();
  }

  /** Ends open watches as their time-outs would. */
  endWatches(match: WatchMatch = {}): void {
    for (const watch of this.#matching(match)) watch.end();
  }

  /** Forgets history: older resource versions and continue tokens answer 410. Open watches go on. */
  compact(): void {
    this.#store.forgetHistory();
  }

  /** The API server goes down: connections are cut, new ones refused, controllers stand still. Objects stay. */
  async stop(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    for (const reconciler of this.#reconcilers) reconciler.pause();
    const closed = new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  /** Comes back on the same port with the same objects and an empty watch cache: older versions answer 410. */
  async restart(): Promise<void> {
    await this.stop();
    this.#store.forgetHistory();
    await this.#listen();
    for (const reconciler of this.#reconcilers) reconciler.resume();
  }

  /** Ends for good. */
  async close(): Promise<void> {
    for (const reconciler of this.#reconcilers) reconciler.close();
    await this.stop();
  }

  #matching({ resource, namespace }: WatchMatch): readonly OpenWatch[] {
    return [...this.#api.watches].filter(
      (watch) =>
        (resource === undefined || watch.resource === resource) &&
        (namespace === undefined || watch.namespace === namespace),
    );
  }

  #addNamespace(name: string): void {
    if (this.#store.get("/namespaces", name) !== undefined) return;
    this.#resources.storage("/namespaces").create("", { metadata: { name } }, controllerWrite("kube-apiserver"));
  }

  #startControllers(): void {
    const run = (controller: Controller, delayMs: number): void => {
      this.#reconcilers.push(new Reconciler(controller, this.#resources, delayMs));
    };
    run(customResourceController(this.#resources), 0);
    const { establishAfterMs = 20, controllers = {} } = this.#options;
    if (establishAfterMs !== "never") run(establishingController(this.#resources), establishAfterMs);
    for (const [name, make] of Object.entries(CONTROLLERS)) {
      const wanted = controllers[name as ControllerName] ?? true;
      if (wanted !== false) run(make(this.#resources), wanted === true ? 0 : wanted.delayMs);
    }
  }

  async #listen(): Promise<void> {
    const handle: Parameters<typeof createServer>[1] = (request, response) => this.#api.handle(request, response);
    const certificate = this.#certificate;
    const server: Server =
      certificate === undefined
        ? createServer(handle)
        : createTlsServer({ cert: certificate.certificate, key: certificate.key }, handle);
    // Watches are as long as they are, and clients keep connections for their next request.
    server.requestTimeout = 0;
    server.keepAliveTimeout = 60_000;
    server.on("connection", (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once("close", () => this.#sockets.delete(socket));
      socket.on("error", () => {});
    });
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject).listen(this.#place.port, this.#place.host, resolve);
    });
    this.#place.port = (server.address() as AddressInfo).port;
    this.#server = server;
  }
}

function parsePlace(listen: string): { readonly host: string; port: number } {
  const [, host, port] = /^(\d+\.\d+\.\d+\.\d+):(\d+)$/.exec(listen) ?? [];
  if (host === undefined || port === undefined) throw new Error(`${listen} is no IPv4 ADDRESS:PORT`);
  return { host, port: Number(port) };
}
