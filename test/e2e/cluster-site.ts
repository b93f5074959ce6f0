/**
 * A cluster as Tandem finds it once it is installed: a simulated API server, pods that are processes on loopback
 * addresses, and gateways and controllers that set themselves up through the API server alone.
 * @module
 */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { LabProcesses } from "../../src/apps/lab/network/processes.ts";
import { statePaths } from "../../src/adapters/state/state-directory.ts";
import type { JsonObject } from "../kube/api/json.ts";
import { CONTROLLER, GATEWAY, grantPermissions, USERS } from "../install/accounts.ts";
import { SimulatedCluster } from "../kube/simulated-cluster.ts";
import { connect, installDefinitions } from "../contract/kube-world.ts";
import type { NetworkNode } from "./network-nodes.ts";

/** The programs that a site's processes are started from: of the sources, or what they were compiled to. */
export interface SitePrograms {
  readonly tandem: string;
  readonly backend: string;
}

/** Programs of the sources. */
export const SOURCES: SitePrograms = {
  tandem: fileURLToPath(new URL("../../src/apps/cli/main.ts", import.meta.url)),
  backend: fileURLToPath(new URL("../../src/apps/lab/backend/main.ts", import.meta.url)),
};

/** Where pods listen. */
const POD_PORTS = { http: 8080, tcp: 7000 } as const;

/** The port of a Service of the pods. */
export const HTTP: JsonObject = { name: "http", port: 80, targetPort: POD_PORTS.http, appProtocol: "http" };
export const TCP: JsonObject = { name: "tcp", port: 7000, targetPort: POD_PORTS.tcp };

/** How a cluster is set up. */
export interface ClusterSiteOptions {
  readonly name: string;
  /** First three numbers of its addresses. */
  readonly prefix: string;
  readonly directory: string;
  readonly processes: LabProcesses;
  /** The sources when absent. */
  readonly programs?: SitePrograms;
  /** More namespaces. */
  readonly namespaces?: readonly string[];
  /** Where the API server listens, `ADDRESS:PORT`. */
  readonly api?: string;
  /** The node that a pod, or a gateway from 101 on, is on; absent: all are on this machine itself. */
  readonly nodeOf?: (number: number) => NetworkNode | undefined;
}

/** One cluster with one Service of three pods. */
export class ClusterSite {
  readonly name: string;
  readonly cluster: SimulatedCluster;
  readonly #options: ClusterSiteOptions;
  readonly #programs: SitePrograms;
  /** Numbers of the pods that there are, running or killed. */
  readonly #pods = new Set<number>();

  private constructor(options: ClusterSiteOptions, cluster: SimulatedCluster) {
    this.name = options.name;
    this.#options = options;
    this.#programs = options.programs ?? SOURCES;
    this.cluster = cluster;
  }

  /** The kubeconfig of an account: of a person, or with the permissions that an installation gives and no others. */
  kubeconfig(account: "admin" | "controller" | "gateway"): string {
    return join(this.#options.directory, `${this.name}-${account}.kubeconfig`);
  }

  /** Starts the API server, the pods, and the Service `shop/web`. */
  static async start(options: ClusterSiteOptions): Promise<ClusterSite> {
    const { name, api } = options;
    const listen = api === undefined ? {} : { listen: api };
    const namespaces = ["shop", "tandem-system", ...(options.namespaces ?? [])];
    const cluster = await SimulatedCluster.start({ name, allowLoopback: true, namespaces, users: USERS, ...listen });
    grantPermissions(cluster);
    const site = new ClusterSite(options, cluster);
    const accounts = { admin: "admin", controller: CONTROLLER, gateway: GATEWAY } as const;
    for (const [account, user] of Object.entries(accounts)) {
      const path = site.kubeconfig(account as keyof typeof accounts);
      await writeFile(path, cluster.kubeconfig({ user }), { mode: 0o600 });
    }
    await installDefinitions(await connect(site.kubeconfig("admin")));
    site.addService("web", HTTP);
    for (const index of [1, 2, 3]) await site.startPod(index);
    return site;
  }

  /** The address of a pod, or of a gateway from 101 on. */
  address(number: number): string {
    return `${this.#options.prefix}.${number}`;
  }

  /** Makes a Service of the pods. */
  addService(name: string, port: JsonObject): void {
    const spec = { selector: { app: "web" }, ports: [port] };
    this.cluster.seed("/services", { apiVersion: "v1", kind: "Service", metadata: { name }, spec }, "shop");
  }

  /** Starts a pod that is ready. */
  async startPod(index: number): Promise<void> {
    const { name, processes } = this.#options;
    this.#pods.add(index);
    const [pod, ip] = [`web-${index}`, this.address(index)];
    const control = this.podControl(index);
    const args = [
      "--address",
      ip,
      "--http",
      String(POD_PORTS.http),
      "--tcp",
      String(POD_PORTS.tcp),
      "--site",
      name,
      "--name",
      pod,
    ];
    const command = [this.#programs.backend, ...args, "--control", control, "--latency", "2ms"];
    const id = `pod/${name}/${pod}`;
    if ((await processes.running(id)).length === 0) await processes.start(id, command, this.#node(index)?.through);
    if (this.cluster.read("/pods", pod, "shop") === undefined) this.cluster.seed("/pods", podOf(pod, ip), "shop");
  }

  /** The control socket of a pod. */
  podControl(index: number): string {
    return join(this.#options.directory, `${this.name}-web-${index}.sock`);
  }

  /** Starts a replica of the controller, from an empty directory. */
  async startController(replica: string, node?: NetworkNode): Promise<void> {
    const state = join(this.#options.directory, `${this.name}-c-${replica}`);
    const args = ["controller", "--kubeconfig", this.kubeconfig("controller"), "--site", this.name, "--state", state];
    await this.#options.processes.start(
      `controller/${this.name}/${replica}`,
      [this.#programs.tandem, ...args],
      node?.through,
    );
  }

  #node(number: number): NetworkNode | undefined {
    return this.#options.nodeOf?.(number);
  }

  /** Starts a gateway, from an empty directory: its agent and its Envoy at the same time, as the containers of a pod. */
  async startGateway(number: number): Promise<void> {
    const { directory, processes } = this.#options;
    const gateway = `${this.name}-${number}`;
    const state = join(directory, gateway);
    const through = this.#node(100 + number)?.through;
    const run = [
      this.#programs.tandem,
      "gateway",
      "run",
      "--wait",
      "--state",
      state,
      "--concurrency",
      "1",
      "--notice",
      "4s",
    ];
    await processes.start(`gateway/${gateway}`, run, through);
    await this.startAgent(number);
  }

  /** Starts the agent of a gateway, as after it was killed. */
  async startAgent(number: number): Promise<void> {
    const { directory, processes } = this.#options;
    const gateway = `${this.name}-${number}`;
    const through = this.#node(100 + number)?.through;
    const who = ["--as", `${this.name}/${gateway}`, "--node-address", this.address(100 + number)];
    const state = join(directory, gateway);
    const args = ["agent", "--kubeconfig", this.kubeconfig("gateway"), ...who, "--state", state];
    await processes.start(`agent/${gateway}`, [this.#programs.tandem, ...args], through);
  }

  /** Takes the Envoys that gateways have started into the record, so that they end with everything else. */
  async adoptEnvoys(): Promise<void> {
    const { directory, processes } = this.#options;
    for (const { id } of processes.find("gateway")) {
      const gateway = id.slice("gateway/".length);
      const record = await readFile(statePaths(join(directory, gateway)).gatewayProcess, "utf8").catch(() => undefined);
      if (record === undefined) continue;
      const { envoy } = JSON.parse(record) as { readonly envoy: { readonly pid: number } };
      await processes.adopt(`envoy/${gateway}`, envoy.pid);
    }
  }

  /** Ends a gateway kindly: it drains first. */
  async stopGateway(number: number): Promise<void> {
    const { processes } = this.#options;
    const gateway = processes.find(`gateway/${this.name}-${number}`);
    await processes.signal(gateway, "SIGTERM");
    await processes.untilEnded(gateway);
    await processes.kill(processes.find(`agent/${this.name}-${number}`));
  }

  /** Kills the processes of all pods. */
  async killPods(): Promise<void> {
    const { processes } = this.#options;
    await processes.kill(processes.find(`pod/${this.name}`));
  }

  /** Starts the pods that were killed, and has Kubernetes know all of them. */
  async revivePods(): Promise<void> {
    for (const index of this.#pods) await this.startPod(index);
  }

  /** Takes a pod away, as when it is deleted: Kubernetes forgets it in the moment in which its process dies. */
  async removePod(index: number): Promise<void> {
    const { name, processes } = this.#options;
    this.#pods.delete(index);
    this.cluster.remove("/pods", `web-${index}`, "shop");
    await processes.kill(processes.find(`pod/${name}/web-${index}`));
  }

  /** Kills a gateway with its agent and its Envoy: nothing is drained. */
  async killGateway(number: number): Promise<void> {
    const { processes } = this.#options;
    await this.adoptEnvoys();
    const gateway = `${this.name}-${number}`;
    await processes.kill(processes.find(`agent/${gateway}`, `gateway/${gateway}`, `envoy/${gateway}`));
  }

  /** Has Kubernetes see that no pod is ready any more. */
  markPodsUnready(): void {
    for (const index of this.#pods)
      this.cluster.seed("/pods", podOf(`web-${index}`, this.address(index), false), "shop");
  }

  /** Says where other sites reach the gateways of these numbers. */
  advertise(...numbers: readonly number[]): void {
    const gateways = numbers.map((number) => ({ name: `gateway-${number}`, address: this.address(100 + number) }));
    const metadata = { name: this.name };
    const site = { apiVersion: "tandem.dev/v1alpha1", kind: "Site", metadata, spec: { gateways } };
    this.cluster.seed("tandem.dev/sites", site);
  }

  /** Makes the policy of a Service of `shop`, or another one of it. */
  protect(spec: JsonObject, name = "web"): void {
    const targeted = { targetRefs: [{ kind: "Service", name }], ...spec };
    const policy = { apiVersion: "tandem.dev/v1alpha1", kind: "FailoverPolicy", metadata: { name }, spec: targeted };
    this.cluster.seed("tandem.dev/failoverpolicies", policy, "shop");
  }

  /** Fulfilled once `shop/web` goes to exactly the gateways of these numbers. */
  async untilHeld(...numbers: readonly number[]): Promise<void> {
    const wanted = this.#addressesOf(numbers);
    await this.cluster.until(() => {
      const ready = this.#gatewayEndpoints().filter(({ conditions }) => conditions.ready);
      return addressesIn(ready) === wanted && Object.hasOwn(this.selector(), "tandem.dev/held");
    });
  }

  /** The selector of a Service. */
  selector(name = "web"): object {
    const spec = (this.cluster.read("/services", name, "shop")?.["spec"] ?? {}) as { readonly selector?: object };
    return spec.selector ?? {};
  }

  /** Fulfilled once the Service can be switched to exactly the gateways of these numbers. */
  async untilPrepared(...numbers: readonly number[]): Promise<void> {
    const wanted = this.#addressesOf(numbers);
    await this.cluster.until(() => addressesIn(this.#gatewayEndpoints()) === wanted);
  }

  #addressesOf(gateways: readonly number[]): string {
    return addressesIn([{ addresses: gateways.map((number) => this.address(100 + number)) }]);
  }

  #gatewayEndpoints(): readonly GatewayEndpoint[] {
    const slice = this.cluster.read("discovery.k8s.io/endpointslices", "web-tandem-ipv4", "shop");
    return (slice?.["endpoints"] ?? []) as unknown as readonly GatewayEndpoint[];
  }

  /** The status of a policy. */
  status(policy = "web"): JsonObject {
    return (this.cluster.read("tandem.dev/failoverpolicies", policy, "shop")?.["status"] ?? {}) as JsonObject;
  }

  /** A condition of a policy's status; undefined before it was written. */
  condition(type: string, policy = "web"): { readonly status: string; readonly reason: string } | undefined {
    const conditions = (this.status(policy)["conditions"] ?? []) as unknown as readonly Condition[];
    return conditions.find((one) => one.type === type);
  }

  /** How often an Event told of something about a policy. */
  told(reason: string, policy = "web"): number {
    const events = this.cluster.list("/events", "shop").filter((event) => event["reason"] === reason);
    return events.filter((event) => (event["involvedObject"] as JsonObject)["name"] === policy).length;
  }
}

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
}

/** An endpoint of the gateways' slice. */
interface GatewayEndpoint {
  readonly addresses: readonly string[];
  readonly conditions: { readonly ready: boolean };
}

function addressesIn(endpoints: readonly Pick<GatewayEndpoint, "addresses">[]): string {
  return endpoints
    .flatMap(({ addresses }) => addresses)
    .toSorted()
    .join();
}

function podOf(name: string, ip: string, ready = true): JsonObject {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, labels: { app: "web" } },
    spec: { nodeName: "node-1", containers: [{ name: "web", image: "web" }] },
    status: {
      phase: "Running",
      podIP: ip,
      podIPs: [{ ip }],
      conditions: [{ type: "Ready", status: ready ? "True" : "False" }],
    },
  };
}
