/**
 * A stand-in for kube-proxy: forwards real TCP connections to where the EndpointSlices of a Service say.
 * @module
 */
import { connect, createServer, type Server, type Socket } from "node:net";
import type { Clock } from "../../src/ports/clock.ts";
import type { ApiAccess } from "./api-client.ts";
import { at, type Json, type JsonObject, listAt, numberAt, textAt } from "./api/json.ts";
import { ObjectFeed } from "./object-feed.ts";

/** A port of a Service, and the address that stands for its virtual one. */
export interface Forward {
  readonly namespace: string;
  readonly service: string;
  /** Name or number of the Service's port. */
  readonly port: string | number;
  /** `ADDRESS:PORT` in 127.0.0.0/8. */
  readonly listen: string;
}

/** How it runs. */
export interface KubeProxyOptions {
  readonly access: ApiAccess;
  readonly forwards: readonly Forward[];
  /** At most one change of the rules in this time: a first one at once, further ones at its end. Default 1,000 ms. */
  readonly minSyncMs?: number;
  /** Picks among endpoints: a number from 0 to below 1. Default Math.random. */
  readonly random?: () => number;
  readonly clock?: Clock;
}

const CLOCK: Clock = {
  now: () => performance.now(),
  after: (ms, run) => {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};

/** An address that connections go to. */
interface Target {
  readonly host: string;
  readonly port: number;
}

/**
 * Listens for each forwarded port. A new connection goes to a random ready endpoint; when none is ready to a serving one
 * that terminates; when there is neither it is reset. Open connections keep their target whatever the slices say.
 */
export class KubeProxy {
  readonly #options: KubeProxyOptions;
  readonly #servers: Server[] = [];
  readonly #sockets = new Set<Socket>();
  readonly #services: ObjectFeed;
  readonly #slices: ObjectFeed;
  readonly #waiting = new Set<() => void>();
  readonly #opened = new Map<string, number>();
  #rules = new Map<Forward, readonly Target[]>();
  readonly #clock: Clock;
  #cancel: (() => void) | undefined;
  #syncedAt = Number.NEGATIVE_INFINITY;
  #isClosed = false;

  private constructor(options: KubeProxyOptions) {
    this.#options = options;
    this.#clock = options.clock ?? CLOCK;
    const changed = (): void => this.#schedule();
    this.#services = new ObjectFeed(options.access, "/api/v1/services", changed);
    this.#slices = new ObjectFeed(options.access, "/apis/discovery.k8s.io/v1/endpointslices", changed);
  }

  /** Resolves when every address listens and the first rules are in force. */
  static async start(options: KubeProxyOptions): Promise<KubeProxy> {
    const proxy = new KubeProxy(options);
    await Promise.all([proxy.#services.listed, proxy.#slices.listed]);
    proxy.#sync();
    await Promise.all(options.forwards.map((forward) => proxy.#listen(forward)));
    return proxy;
  }

  /** Where new connections to an address go, as `ADDRESS:PORT`, sorted. */
  targets(listen: string): readonly string[] {
    const found = [...this.#rules].find(([forward]) => forward.listen === listen)?.[1] ?? [];
    return found.map(({ host, port }) => `${host}:${port}`).toSorted();
  }

  /** How many connections have been opened to an `ADDRESS:PORT` since the start, answered or not. */
  opened(target: string): number {
    return this.#opened.get(target) ?? 0;
  }

  /** Resolves when a check of the rules in force holds; looks again after every change of them. */
  async until(check: (proxy: KubeProxy) => boolean): Promise<void> {
    while (!check(this)) await new Promise<void>((resolve) => this.#waiting.add(resolve));
  }

  /** Ends every connection and stops listening. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancel?.();
    this.#services.close();
    this.#slices.close();
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all(this.#servers.map((server) => new Promise((resolve) => server.close(resolve))));
  }

  #schedule(): void {
    if (this.#cancel !== undefined || this.#isClosed) return;
    const quietMs = this.#clock.now() - this.#syncedAt;
    const waitMs = Math.max(0, (this.#options.minSyncMs ?? 1_000) - quietMs);
    this.#cancel = this.#clock.after(waitMs, () => this.#sync());
  }

  #sync(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#syncedAt = this.#clock.now();
    this.#rules = new Map(this.#options.forwards.map((forward) => [forward, this.#targetsOf(forward)]));
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const wake of waiting) wake();
  }

  #targetsOf(forward: Forward): readonly Target[] {
    const service = this.#services.objects.get(`${forward.namespace}/${forward.service}`);
    const name = portName(service, forward.port);
    if (name === undefined) return [];
    const endpoints = [...this.#slices.objects.values()]
      .filter((slice) => belongsTo(slice, forward))
      .flatMap((slice) => endpointsOf(slice, name));
    const ready = endpoints.filter((endpoint) => endpoint.isReady);
    const chosen = ready.length > 0 ? ready : endpoints.filter((endpoint) => endpoint.isLastResort);
    // The same endpoint in two slices counts once.
    return [...new Map(chosen.map(({ target }) => [`${target.host}:${target.port}`, target])).values()];
  }

  #listen(forward: Forward): Promise<void> {
    const server = createServer({ allowHalfOpen: true }, (client) => this.#forward(forward, client));
    this.#servers.push(server);
    const [host, port] = forward.listen.split(":");
    return new Promise((resolve, reject) => {
      server.once("error", reject).listen(Number(port), host, () => resolve());
    });
  }

  #forward(forward: Forward, client: Socket): void {
    const targets = this.#rules.get(forward) ?? [];
    const target = targets[Math.floor((this.#options.random ?? Math.random)() * targets.length)];
    this.#keep(client);
    if (target === undefined) {
      client.resetAndDestroy();
      return;
    }
    const key = `${target.host}:${target.port}`;
    this.#opened.set(key, this.opened(key) + 1);
    const upstream = connect({ host: target.host, port: target.port, allowHalfOpen: true });
    this.#keep(upstream);
    // The two ends share their fate: a reset of one is a reset of the other.
    client.once("error", () => upstream.resetAndDestroy());
    upstream.once("error", () => client.resetAndDestroy());
    client.pipe(upstream);
    upstream.pipe(client);
  }

  #keep(socket: Socket): void {
    socket.setNoDelay(true);
    this.#sockets.add(socket);
    socket.on("error", () => {});
    socket.once("close", () => this.#sockets.delete(socket));
  }
}

/** The name of a Service's port; undefined when it has no such port. */
function portName(service: JsonObject | undefined, wanted: string | number): string | undefined {
  const port = listAt(service, "spec", "ports").find((one) =>
    typeof wanted === "number" ? numberAt(one, "port") === wanted : (textAt(one, "name") ?? "") === wanted,
  );
  return port === undefined ? undefined : (textAt(port, "name") ?? "");
}

function belongsTo(slice: JsonObject, { namespace, service }: Forward): boolean {
  const name = textAt(slice, "metadata", "labels", "kubernetes.io/service-name");
  return name === service && textAt(slice, "metadata", "namespace") === namespace && slice["addressType"] === "IPv4";
}

interface SliceEndpoint {
  readonly target: Target;
  readonly isReady: boolean;
  /** Terminating and still serving: used when nothing is ready. */
  readonly isLastResort: boolean;
}

/** Endpoints of a slice that has a port of this name; of one that has not kube-proxy takes no notice. */
function endpointsOf(slice: JsonObject, name: string): readonly SliceEndpoint[] {
  const port = listAt(slice, "ports").find((one) => (textAt(one, "name") ?? "") === name);
  const number = numberAt(port, "port");
  if (number === undefined) return [];
  return listAt(slice, "endpoints").flatMap((endpoint): SliceEndpoint[] => {
    const [host] = listAt(endpoint, "addresses");
    if (typeof host !== "string") return [];
    const isReady = condition(endpoint, "ready") ?? true;
    const isServing = condition(endpoint, "serving") ?? isReady;
    const isLastResort = isServing && condition(endpoint, "terminating") === true;
    return [{ target: { host, port: number }, isReady, isLastResort }];
  });
}

function condition(endpoint: Json, name: string): boolean | undefined {
  const value = at(endpoint, "conditions", name);
  return typeof value === "boolean" ? value : undefined;
}
