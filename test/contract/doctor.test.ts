import { createServer as createHttpServer, type Server } from "node:http";
import { createServer } from "node:net";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { KubeClient } from "../../src/adapters/kube/kube-client.ts";
import { createAuthority } from "../../src/adapters/pki/certificate-authority.ts";
import { statePaths } from "../../src/adapters/state/state-directory.ts";
import { type ClusterLook, readClusterPicture } from "../../src/apps/cli/doctor/cluster-picture.ts";
import { readGatewayPicture } from "../../src/apps/cli/doctor/gateway-picture.ts";
import { CLUSTER_CHECKS } from "../../src/core/doctor/cluster-checks.ts";
import { diagnose } from "../../src/core/doctor/diagnose.ts";
import { GATEWAY_CHECKS } from "../../src/core/doctor/gateway-checks.ts";
import type { CheckResult } from "../../src/model/doctor.ts";
import type { JsonObject } from "../kube/api/json.ts";
import { SimulatedCluster } from "../kube/simulated-cluster.ts";
import { hold, seedPolicy, seedService } from "./held-services.ts";
import { connect, installDefinitions, removeDefinitions } from "./kube-world.ts";
import { runCli } from "./run-cli.ts";

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "td-doctor-"));
});

afterEach(async () => {
  await rm(directory, { recursive: true });
});

function faultsOf(results: readonly CheckResult[]): readonly string[] {
  return results.flatMap(({ check, faults }) =>
    faults.map(({ subject, message }) => `${check}: ${subject} ${message}`),
  );
}

describe("a cluster", () => {
  let cluster: SimulatedCluster;
  let kubeconfig: string;
  let client: KubeClient;
  let definitions: readonly string[];

  beforeEach(async () => {
    const reader = { name: "reader", token: "reader-token", groups: [] };
    const admin = { name: "admin", token: "admin-token", groups: ["system:masters"] };
    cluster = await SimulatedCluster.start({ namespaces: ["shop", "tandem-system"], users: [admin, reader] });
    kubeconfig = join(directory, "kubeconfig");
    await writeFile(kubeconfig, cluster.kubeconfig(), { mode: 0o600 });
    client = await connect(kubeconfig);
    definitions = await installDefinitions(client);
    seedService(cluster, "web", "10.1.0.1");
    seedPolicy(cluster, "web");
    seedSite(["10.9.0.1", "10.9.0.2"]);
    seedLease(new Date().toISOString());
    for (const [name, address] of [
      ["gateway-1", "10.9.0.1"],
      ["gateway-2", "10.9.0.2"],
      ["controller-1", "10.9.0.3"],
    ] as const)
      seedTandemPod(name, address);
    const condition = { observedGeneration: 1, lastTransitionTime: "2026-05-01T12:00:00Z", message: "" };
    const conditions = [{ ...condition, type: "Protected", status: "True", reason: "SecondHomeReady" }];
    const policy = cluster.read("tandem.dev/failoverpolicies", "web", "shop");
    cluster.seed(
      "tandem.dev/failoverpolicies",
      { ...policy, status: { observedGeneration: 1, conditions } } as unknown as JsonObject,
      "shop",
    );
    await hold(client, "shop/web");
  });

  afterEach(async () => await cluster.close());

  function seedSite(addresses: readonly string[]): void {
    cluster.seed("tandem.dev/sites", {
      apiVersion: "tandem.dev/v1alpha1",
      kind: "Site",
      metadata: { name: "west" },
      spec: { gateways: addresses.map((address, index) => ({ name: `west-${index + 1}`, address, port: 15_443 })) },
    });
  }

  function seedLease(renewTime: string): void {
    cluster.seed(
      "coordination.k8s.io/leases",
      {
        metadata: { name: "tandem-controller" },
        spec: {
          holderIdentity: "controller-1-0a1b2c3d",
          leaseDurationSeconds: 600,
          renewTime: renewTime.replace("Z", "000Z"),
        },
      },
      "tandem-system",
    );
  }

  function seedTandemPod(name: string, ip: string): void {
    const account = name.startsWith("controller") ? "tandem-controller" : "tandem-agent";
    cluster.seed("/nodes", {
      metadata: { name: `node-of-${name}`, labels: { "topology.kubernetes.io/zone": `zone-of-${name}` } },
    });
    cluster.seed(
      "/pods",
      {
        metadata: { name, labels: { app: "tandem" } },
        spec: {
          nodeName: `node-of-${name}`,
          serviceAccountName: account,
          containers: [{ name: "tandem", image: "example.org/tandem:0.1.0" }],
        },
        status: { phase: "Running", podIP: ip, podIPs: [{ ip }] },
      },
      "tandem-system",
    );
    for (const resource of ["roles", "bindings"] as const) {
      const metadata = { name: account };
      const everything = { apiGroups: ["*"], resources: ["*"], verbs: ["*"] };
      const roleRef = { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: account };
      const subjects = [{ kind: "ServiceAccount", name: account, namespace: "tandem-system" }];
      if (resource === "roles")
        cluster.seed("rbac.authorization.k8s.io/clusterroles", { metadata, rules: [everything] });
      else cluster.seed("rbac.authorization.k8s.io/clusterrolebindings", { metadata, roleRef, subjects });
    }
  }

  async function examined(look: Partial<ClusterLook> = {}, by = client): Promise<readonly CheckResult[]> {
    const how = { namespace: undefined, tandemNamespace: "tandem-system", probe: false, now: () => Date.now() };
    return diagnose(CLUSTER_CHECKS, await readClusterPicture(by, { ...how, ...look }));
  }

  test("in which nothing is wrong has nothing to report", async () => {
    const results = await examined();
    expect(results.filter(({ result }) => result !== "ok")).toEqual([
      { check: "Ports", result: "unknown", faults: [] },
    ]);
  });

  test("whose definitions are gone, or of another version", async () => {
    const path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/switches.tandem.dev";
    const definition = await client.request<JsonObject>({ method: "GET", path });
    const text = JSON.stringify(definition).replace('"maxLength":1024', '"maxLength":2048');
    await client.request({ method: "PUT", path, body: JSON.parse(text) as unknown });
    expect(faultsOf(await examined())).toEqual([
      "Definitions: Definition switches.tandem.dev is of another version of Tandem: its fields differ",
    ]);
    await removeDefinitions(client, definitions);
    await cluster.until((now) => now.list("apiextensions.k8s.io/customresourcedefinitions").length === 0);
    expect(faultsOf(await examined()).filter((fault) => fault.startsWith("Definitions"))).toHaveLength(3);
  });

  test("in which somebody, or Tandem itself, lacks permissions", async () => {
    const name = "tandem-agent";
    const rules = [
      { apiGroups: ["tandem.dev", ""], resources: ["*"], verbs: ["list", "watch"] },
      { apiGroups: ["coordination.k8s.io"], resources: ["leases"], verbs: ["get", "list", "watch", "create", "patch"] },
    ];
    cluster.seed("rbac.authorization.k8s.io/clusterroles", { metadata: { name }, rules });
    expect(faultsOf(await examined())).toEqual([
      "Permissions: ServiceAccount tandem-system/tandem-agent (agent) may not list endpointslices in discovery.k8s.io",
      "Permissions: ServiceAccount tandem-system/tandem-agent (agent) may not watch endpointslices in discovery.k8s.io",
      "Permissions: ServiceAccount tandem-system/tandem-agent (agent) may not delete leases in coordination.k8s.io, namespace tandem-system",
    ]);
    await writeFile(kubeconfig, cluster.kubeconfig({ user: "reader" }));
    const results = await examined({}, await connect(kubeconfig));
    expect(faultsOf(results)).toContain("Permissions: You may not patch services");
    expect(results.find(({ check }) => check === "Selectors")?.result).toBe("unknown");
  });

  test("whose clocks differ", async () => {
    seedLease(new Date(Date.now() + 60_000).toISOString());
    expect(faultsOf(await examined())).toMatchObject([expect.stringContaining("Clocks: The clock of controller-1-")]);
    seedLease(new Date().toISOString());
    const behind = (): number => Date.now() - 60_000;
    expect(faultsOf(await examined({ now: behind }))[0]).toMatch(/^Clocks: The API server's clock is [56]\d s ahead/);
  });

  test("without a controller", async () => {
    seedLease(new Date(Date.now() - 3_600_000).toISOString());
    expect(faultsOf(await examined())).toMatchObject([expect.stringMatching(/led 36\d\d s ago/)]);
    cluster.remove("coordination.k8s.io/leases", "tandem-controller", "tandem-system");
    expect(faultsOf(await examined())).toMatchObject([expect.stringContaining("nobody leads")]);
  });

  test("in which a tool puts a selector back", async () => {
    const path = "/api/v1/namespaces/shop/services/web";
    const body = {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "web" },
      spec: { selector: { app: "web", tier: "front" } },
    };
    const query = { fieldManager: "argocd", force: true };
    await client.request({ method: "PATCH", path, query, body, bodyType: "application/apply-patch+yaml" });
    expect(faultsOf(await examined())).toEqual([
      "Selectors: Service shop/web argocd sets its selector again while gateways are to serve it",
    ]);
  });

  test("with a default-deny NetworkPolicy and a single gateway", async () => {
    seedSite(["10.9.0.1"]);
    cluster.seed(
      "networking.k8s.io/networkpolicies",
      { metadata: { name: "deny" }, spec: { podSelector: {}, policyTypes: ["Ingress", "Egress"] } },
      "shop",
    );
    expect(faultsOf(await examined()).map((fault) => fault.slice(0, 70))).toEqual(
      [
        "NetworkPolicies: Service shop/web NetworkPolicies shop/deny do not let ",
        "NetworkPolicies: Service shop/web NetworkPolicies shop/deny do not let ",
        "SinglePath: Site west is reached by one address only: 10.9.0.1; with i",
      ].map((line) => line.slice(0, 70)),
    );
  });

  test("whose gateways registered themselves has as many paths", async () => {
    seedSite(["10.9.0.1"]);
    cluster.seed(
      "coordination.k8s.io/leases",
      {
        metadata: {
          name: "tandem-gateway-west-2",
          labels: { "tandem.dev/gateway-of": "west" },
          annotations: { "tandem.dev/gateway": "west-2", "tandem.dev/addresses": "10.9.0.2" },
        },
        spec: { holderIdentity: "west-2" },
      },
      "tandem-system",
    );
    expect(faultsOf(await examined())).toEqual([]);
  });

  test("with gateways in one zone, of two versions, and with a Service that nobody protects any more", async () => {
    for (const name of ["gateway-1", "gateway-2", "controller-1"])
      cluster.seed("/nodes", {
        metadata: { name: `node-of-${name}`, labels: { "topology.kubernetes.io/zone": "a" } },
      });
    const pod = JSON.stringify(cluster.read("/pods", "gateway-2", "tandem-system")).replace(
      "tandem:0.1.0",
      "tandem:0.2.0",
    );
    cluster.seed("/pods", JSON.parse(pod) as JsonObject, "tandem-system");
    cluster.remove("tandem.dev/failoverpolicies", "web", "shop");
    expect(faultsOf(await examined())).toEqual([
      "LeftBehind: Service shop/web goes to gateways although no policy targets it",
      "Zones: Tandem stands with all its pods in the zone a",
      "Versions: Pod tandem-system/gateway-2 is example.org/tandem:0.2.0; Pod tandem-system/controller-1 is example.org/tandem:0.1.0",
    ]);
  });

  test("is examined by the command, whose exit code says whether there is an error", async () => {
    const well = await runCli("kubectl tandem", ["doctor", "--kubeconfig", kubeconfig]);
    expect([well.exit, well.out]).toEqual([0, expect.stringContaining("20 checks, 0 errors, 0 warnings")]);
    cluster.remove("coordination.k8s.io/leases", "tandem-controller", "tandem-system");
    const ill = await runCli("tandem", ["doctor", "--kubeconfig", kubeconfig, "-o", "json"]);
    expect(ill.exit).toBe(1);
    expect(JSON.parse(ill.out)).toContainEqual(
      expect.objectContaining({ check: "Controller", result: "error", faults: [expect.anything()] }),
    );
  });
});

describe("a gateway", () => {
  let server: Server;
  let answers: Record<string, unknown>;
  let socket: string;

  beforeEach(async () => {
    const authority = await createAuthority("west.tandem", Date.now());
    answers = {
      "/status": {
        site: "west",
        gateway: "west-1",
        version: "0.0.9",
        envoy: "ready",
        draining: false,
        certificateEnds: Date.now() + 5 * 24 * 3_600_000,
        services: [
          {
            service: "shop/web/80",
            conditions: [{ type: "Protected", status: "False", reason: "NoHealthyStandby", message: "only west" }],
          },
        ],
        peers: [{ name: "east", accepted: true, connected: true, gateways: ["127.70.0.9:15443"] }],
        problems: [{ file: "web.yaml", field: "spec.ports", message: "is wrong", remedy: "Correct it" }],
      },
      "/site": {
        name: "west",
        gateways: [{ name: "west-1", address: "127.0.0.1", port: 1 }],
        labels: {},
        trustBundle: authority.certificate,
        accepted: true,
        at: 0,
      },
    };
    socket = statePaths(directory).localSocket;
    server = createHttpServer((request, response) =>
      response
        .writeHead(200, { "content-type": "application/json" })
        .end(JSON.stringify(answers[request.url ?? ""] ?? null)),
    );
    await new Promise<void>((resolve) => server.listen(socket, resolve));
  });

  afterEach(async () => {
    await new Promise((resolve) => server.close(resolve));
  });

  test("is examined by its agent's view, and ports are tried from its machine", async () => {
    const peer = createServer((connection) => connection.destroy());
    await new Promise<void>((resolve) => peer.listen(0, "127.0.0.1", resolve));
    const address = peer.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    (answers["/site"] as { gateways: unknown[] }).gateways.push({ name: "west-2", address: "127.0.0.1", port });
    const faults = faultsOf(diagnose(GATEWAY_CHECKS, await readGatewayPicture(socket, Date.now())));
    await new Promise((resolve) => peer.close(resolve));
    expect(faults).toEqual([
      "Problems: Gateway west/west-1 web.yaml: spec.ports: is wrong",
      "Standby: Service shop/web/80 NoHealthyStandby: only west",
      "Ports: Gateway west/west-1 nobody takes connections at 127.0.0.1, port 1, seen from here",
      "Ports: Gateway east/1 nobody takes connections at 127.70.0.9, port 15443, seen from here",
      "SinglePath: Site west is reached by one address only: 127.0.0.1; with it the site is gone",
      "SinglePath: Site east is reached by one address only: 127.70.0.9; with it the site is gone",
      expect.stringMatching(
        /^Certificates: The certificate of west\/west-1 ends in [45] days and should have been renewed/,
      ),
      "Versions: The agent of west/west-1 is 0.0.9; This program is 0.1.0",
    ]);
  });

  test("is examined by the command", async () => {
    const { exit, out } = await runCli("tandem", ["doctor", "--state", directory]);
    expect([exit, out]).toEqual([1, expect.stringContaining("Ports: Gateway east/1 nobody takes connections")]);
  });
});
