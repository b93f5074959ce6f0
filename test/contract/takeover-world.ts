/**
 * A namespace of a cluster, simulated or real, with a Service and a pod that nobody runs, a stand-in for a gateway on this
 * machine, and a controller that works there. Everything is made for one test and removed after it.
 * @module
 */
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as after } from "node:timers/promises";
import { KubeError } from "../../src/adapters/kube/kube-error.ts";
import type { KubeClient } from "../../src/adapters/kube/kube-client.ts";
import { KUBE_RESOURCES, type KubeObject, type KubeResource, pathOf } from "../../src/adapters/kube/kube-resource.ts";
import { createAuthority, createRequest, issueLeaf } from "../../src/adapters/pki/certificate-authority.ts";
import { createStateDirectory, writeGatewayRecord } from "../../src/adapters/state/state-directory.ts";
import { replaceFile } from "../../src/adapters/state/write-file.ts";
import { Controller } from "../../src/apps/controller/index.ts";
import { gatewayIdentity, trustDomain } from "../../src/model/identity.ts";
import { ORIGIN_LABEL } from "../../src/model/origin.ts";
import { StandInGateway } from "./stand-in-gateway.ts";

const core = (plural: string, kind: string, namespaced: boolean): KubeResource => ({
  group: "",
  version: "v1",
  plural,
  kind,
  namespaced,
});
const NAMESPACES = core("namespaces", "Namespace", false);
const NODES = core("nodes", "Node", false);
const PODS = core("pods", "Pod", true);

const ASK_AGAIN_MS = 50;
const LONGEST_WAIT_MS = 30_000;

/** An address of a pod that nobody runs: RFC 5737. */
export const POD_ADDRESS = "192.0.2.17";

/** What a Service of the world is made of. */
const SELECTOR = { app: "web", tier: "front" };

/** One test's part of a cluster. */
export class TakeoverWorld {
  readonly client: KubeClient;
  readonly namespace: string;
  /** Name of the site, and of the node that its pod is on. */
  readonly site: string;
  readonly gateway: StandInGateway;
  readonly #directory: string;
  readonly #controllers: Controller[] = [];

  private constructor(client: KubeClient, name: string, how: { directory: string; gateway: StandInGateway }) {
    this.client = client;
    this.namespace = name;
    this.site = name;
    this.#directory = how.directory;
    this.gateway = how.gateway;
  }

  /** @param address of this machine, as the cluster's slices may have it */
  static async open(client: KubeClient, address: string): Promise<TakeoverWorld> {
    await refuseOthers(client);
    const name = `tandem-contract-${randomBytes(4).toString("hex")}`;
    const directory = await mkdtemp(join(tmpdir(), "tandem-takeover-"));
    const gateway = new StandInGateway(address, await identityIn(join(directory, "state"), name));
    const world = new TakeoverWorld(client, name, { directory, gateway });
    await world.create(NAMESPACES, { metadata: { name } });
    const gateways = [{ name: "gateway-1", address }];
    await world.create(KUBE_RESOURCES.sites, { metadata: { name }, spec: { gateways } });
    await world.#createPod();
    await world.create(KUBE_RESOURCES.services, {
      metadata: { name: "web", namespace: name, labels: { team: "shop" } },
      spec: { selector: SELECTOR, ports: [{ name: "http", port: 80, targetPort: 8080, appProtocol: "http" }] },
    });
    await world.until(async () => (await world.readyAddresses("web")).join() === POD_ADDRESS);
    await gateway.start();
    return world;
  }

  /** Removes everything that was made. */
  async close(): Promise<void> {
    await Promise.all(this.#controllers.splice(0).map((controller) => controller.close()));
    await this.gateway.kill();
    // Nobody runs it, so that nobody says that it has ended.
    await this.remove(PODS, "web-1", { gracePeriodSeconds: 0 });
    await this.remove(KUBE_RESOURCES.sites, this.site);
    await this.remove(NODES, this.site);
    await this.remove(NAMESPACES, this.namespace);
    await rm(this.#directory, { recursive: true });
  }

  /** Starts a replica of the controller. */
  async startController(): Promise<Controller> {
    const controller = await Controller.start({
      client: this.client,
      electionClient: this.client,
      stateDirectory: join(this.#directory, "state"),
      namespace: this.namespace,
      drainMs: 200,
      identity: randomBytes(4).toString("hex"),
      clock: {
        now: () => Date.now(),
        after: (ms, run) => {
          const timer = setTimeout(run, ms);
          return () => clearTimeout(timer);
        },
      },
      monotonic: () => performance.now(),
      random: Math.random,
      log: { info: () => {}, warn: () => {}, error: () => {} },
    });
    this.#controllers.push(controller);
    return controller;
  }

  /** Ends all replicas, as if they had been killed for good: nothing is taken back. */
  async endControllers(): Promise<void> {
    await Promise.all(this.#controllers.splice(0).map((controller) => controller.close()));
  }

  /** Protects the Service. */
  async protect(mode: "Direct" | "Gateway"): Promise<void> {
    const targetRefs = [{ kind: "Service", name: "web" }];
    const sites = [{ name: this.site }, { name: "elsewhere" }];
    const metadata = { name: "web", namespace: this.namespace };
    await this.create(KUBE_RESOURCES.failoverPolicies, { metadata, spec: { targetRefs, mode, sites } });
  }

  /** Opens the gateway's listener of the Service once the controller has said which it is. */
  async listenAsAllotted(): Promise<void> {
    const listen = await this.until(async () => {
      const origin = await this.read(KUBE_RESOURCES.services, "web-tandem-origin");
      return origin?.metadata.annotations?.["tandem.dev/listen"];
    });
    await this.gateway.listen(Number(listen.split("=")[1]));
  }

  /** Whether the Service is held. */
  async isHeld(): Promise<boolean> {
    return Object.hasOwn(await this.selector(), "tandem.dev/held");
  }

  /** The Service's selector. */
  async selector(): Promise<object> {
    const spec = (await this.read(KUBE_RESOURCES.services, "web"))?.["spec"] as { readonly selector?: object };
    return spec.selector ?? {};
  }

  /** Addresses that kube-proxy uses for a Service. */
  async readyAddresses(service: string): Promise<readonly string[]> {
    const slices = await this.list(KUBE_RESOURCES.endpointSlices, `kubernetes.io/service-name=${service}`);
    return slices.flatMap((slice) =>
      ((slice["endpoints"] ?? []) as readonly { addresses: string[]; conditions?: { ready?: boolean } }[])
        .filter(({ conditions }) => conditions?.ready !== false)
        .flatMap(({ addresses }) => addresses),
    );
  }

  /** Everything that a person sees of the Service and its slices, without what changes with every write. */
  async picture(): Promise<unknown> {
    const services = await this.list(KUBE_RESOURCES.services);
    const slices = await this.list(KUBE_RESOURCES.endpointSlices);
    return {
      services: services.map(({ metadata, ...object }) => {
        const { managedFields: _m, resourceVersion: _v, generation: _g, ...kept } = metadata;
        return { ...object, metadata: kept };
      }),
      // They are Kubernetes' own, which may make new ones of other names.
      slices: slices.map(({ metadata: { labels }, ...object }) => ({ ...object, labels })),
    };
  }

  /** Fulfilled once a question has an answer other than undefined or false. */
  async until<T>(ask: () => Promise<T | undefined | false>): Promise<T> {
    const end = Date.now() + LONGEST_WAIT_MS;
    for (;;) {
      const answer = await ask();
      if (answer !== undefined && answer !== false) return answer;
      if (Date.now() > end) throw new Error(`not so after ${LONGEST_WAIT_MS} ms: ${ask.toString()}`);
      await after(ASK_AGAIN_MS);
    }
  }

  async create(resource: KubeResource, object: Readonly<Record<string, unknown>>): Promise<void> {
    const { namespace } = object["metadata"] as { readonly namespace?: string };
    const apiVersion = resource.group === "" ? resource.version : `${resource.group}/${resource.version}`;
    const body = { apiVersion, kind: resource.kind, ...object };
    await this.client.request({ method: "POST", path: pathOf(resource, { namespace }), body });
  }

  async read(resource: KubeResource, name: string): Promise<KubeObject | undefined> {
    try {
      return await this.client.request<KubeObject>({ method: "GET", path: this.#path(resource, name) });
    } catch (error) {
      if (error instanceof KubeError && error.status === 404) return undefined;
      throw error;
    }
  }

  async list(resource: KubeResource, labelSelector?: string): Promise<readonly KubeObject[]> {
    const path = pathOf(resource, { namespace: this.namespace });
    const query = { labelSelector };
    return (await this.client.request<{ readonly items: readonly KubeObject[] }>({ method: "GET", path, query })).items;
  }

  async remove(resource: KubeResource, name: string, how: object = {}): Promise<void> {
    try {
      await this.client.request({ method: "DELETE", path: this.#path(resource, name), body: how });
    } catch (error) {
      if (!(error instanceof KubeError) || error.status !== 404) throw error;
    }
  }

  async patch(resource: KubeResource, name: string, body: object, subresource?: string): Promise<void> {
    const place = { namespace: this.namespace, name, ...(subresource === undefined ? {} : { subresource }) };
    const path = pathOf(resource, place);
    await this.client.request({ method: "PATCH", path, body, bodyType: "application/merge-patch+json" });
  }

  #path(resource: KubeResource, name: string): string {
    return pathOf(resource, resource.namespaced ? { namespace: this.namespace, name } : { name });
  }

  /** A pod on a node of its own, where no kubelet runs it: what a kubelet would say of it is said here. */
  async #createPod(): Promise<void> {
    const taints = [{ key: "tandem.dev/contract", effect: "NoSchedule" }];
    await this.create(NODES, { metadata: { name: this.site }, spec: { taints } });
    const ready = [{ type: "Ready", status: "True", reason: "Contract", message: "" }];
    await this.patch(NODES, this.site, { status: { conditions: ready } }, "status");
    const metadata = { name: "web-1", namespace: this.namespace, labels: SELECTOR };
    const containers = [{ name: "web", image: "tandem.dev/none" }];
    const spec = {
      nodeName: this.site,
      automountServiceAccountToken: false,
      containers,
      tolerations: [{ operator: "Exists" }],
    };
    // A namespace's account comes a moment after the namespace.
    await this.until(() =>
      this.create(PODS, { metadata, spec }).then(
        () => true,
        (error: unknown) => {
          if (error instanceof KubeError && error.status === 403) return false;
          throw error;
        },
      ),
    );
    const status = { phase: "Running", podIP: POD_ADDRESS, podIPs: [{ ip: POD_ADDRESS }], conditions: ready };
    await this.patch(PODS, "web-1", { status }, "status");
  }
}

/** An address of this machine that a cluster's slices may have, and that its nodes may reach. */
export function ownAddress(): string | undefined {
  const addresses = Object.values(networkInterfaces()).flatMap((one) => one ?? []);
  return addresses.find(({ family, internal }) => family === "IPv4" && !internal)?.address;
}

/** A controller of the contract's would take back what another one has done. */
async function refuseOthers(client: KubeClient): Promise<void> {
  const query = { labelSelector: ORIGIN_LABEL };
  const { items } = await client.request<{ readonly items: readonly KubeObject[] }>({
    method: "GET",
    path: pathOf(KUBE_RESOURCES.services),
    query,
  });
  const others = items.filter(({ metadata }) => metadata.namespace?.startsWith("tandem-contract-") !== true);
  if (others.length > 0) throw new Error("Tandem is at work in this cluster: use one where it is not");
}

async function identityIn(root: string, site: string): Promise<ConstructorParameters<typeof StandInGateway>[1]> {
  const paths = await createStateDirectory(root);
  const authority = await createAuthority(trustDomain(site), Date.now());
  await replaceFile(paths.authorityKey, authority.key);
  await replaceFile(paths.authorityCertificate, authority.certificate);
  await writeGatewayRecord(paths, { site, gateway: "controller", issuer: true });
  const { request, key } = await createRequest();
  const certificate = await issueLeaf(authority, request, { uri: gatewayIdentity(site), now: Date.now() });
  return { site, authority: authority.certificate, leaf: { certificate, key } };
}
