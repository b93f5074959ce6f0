/**
 * Direct, Gateway, bypass and release in a cluster, simulated or real: what the objects say, as kube-proxy reads them.
 * @module
 */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { KUBE_RESOURCES } from "../../src/adapters/kube/kube-resource.ts";
import { releaseServices } from "../../src/apps/cli/cluster/release.ts";
import { Turnstile } from "../../src/runtime/turnstile.ts";
import { installDefinitions, removeDefinitions } from "./kube-world.ts";
import { POD_ADDRESS, TakeoverWorld } from "./takeover-world.ts";
import { gatewayAddress, openUsedCluster, type UsedCluster } from "./used-cluster.ts";

vi.setConfig({ hookTimeout: 120_000, testTimeout: 120_000 });

describe("a Service of a cluster", () => {
  let used: UsedCluster;
  let installed: readonly string[];
  let world: TakeoverWorld;

  beforeAll(async () => {
    used = await openUsedCluster({ allowLoopback: true });
    installed = await installDefinitions(used.client);
  });
  afterAll(async () => {
    await removeDefinitions(used.client, installed);
    await used.close();
  });
  beforeEach(async () => {
    world = await TakeoverWorld.open(used.client, gatewayAddress());
  });
  afterEach(() => world.close());

  const goesTo = (address: string) => async (): Promise<boolean> =>
    (await world.readyAddresses("web")).join() === address;

  const untilHeld = async (): Promise<void> => {
    await world.until(async () => (await world.isHeld()) && (await goesTo(world.gateway.address)()));
  };

  /** Nothing of ours is left, nor of what Kubernetes made for it. */
  const untilReleased = async (): Promise<void> => {
    await world.until(async () => (await world.read(KUBE_RESOURCES.services, "web-tandem-origin")) === undefined);
    await world.until(async () => (await world.list(KUBE_RESOURCES.endpointSlices)).length === 1);
    await world.until(goesTo(POD_ADDRESS));
  };

  test("Gateway mode: it goes to the gateway; the policy deleted, it is exactly what it was", async () => {
    const before = await world.picture();
    await world.startController();
    await world.protect("Gateway");
    await world.listenAsAllotted();
    await untilHeld();
    await world.until(async () => (await world.readyAddresses("web-tandem-origin")).join() === POD_ADDRESS);
    await world.remove(KUBE_RESOURCES.failoverPolicies, "web");
    await untilReleased();
    expect(await world.picture()).toEqual(before);
  });

  test("clients of its address reach the gateway while it is held", async () => {
    await world.startController();
    await world.protect("Gateway");
    await world.listenAsAllotted();
    await untilHeld();
    const clients = await used.clientsOf(world);
    if (clients === undefined) {
      process.stdout.write(
        "not run: requests to the Service's address; no kube-proxy of the cluster programs this machine, where it leads nowhere\n",
      );
      return;
    }
    await world.until(async () => (await clients.get()) === `gateway ${world.gateway.address}`);
    await clients.close();
  });

  test("Direct mode: left alone until the gateways agree that another site serves, and back when they agree on that", async () => {
    await world.startController();
    await world.protect("Direct");
    await world.listenAsAllotted();
    world.gateway.tell(`${world.namespace}/web/80`, world.site);
    await world.until(async () => (await world.read(KUBE_RESOURCES.endpointSlices, "web-tandem-ipv4")) !== undefined);
    expect([await world.isHeld(), await world.readyAddresses("web")]).toEqual([false, [POD_ADDRESS]]);
    world.gateway.tell(`${world.namespace}/web/80`, "elsewhere");
    await untilHeld();
    world.gateway.tell(`${world.namespace}/web/80`, world.site);
    await world.until(async () => !(await world.isHeld()) && (await goesTo(POD_ADDRESS)()));
  });

  test("with no gateway left it is bypassed, and held again when one is back", async () => {
    await world.startController();
    await world.protect("Gateway");
    await world.listenAsAllotted();
    await untilHeld();
    await world.gateway.kill();
    await world.until(async () => !(await world.isHeld()) && (await goesTo(POD_ADDRESS)()));
    await world.gateway.start();
    await world.listenAsAllotted();
    await untilHeld();
  });

  test("released from a laptop with every process of Tandem's dead, it is exactly what it was", async () => {
    const before = await world.picture();
    await world.startController();
    await world.protect("Gateway");
    await world.listenAsAllotted();
    await untilHeld();
    await world.endControllers();
    const report = await releaseServices(
      { services: [`${world.namespace}/web`] },
      {
        client: world.client,
        clock: {
          now: () => Date.now(),
          after: (ms, run) => {
            const timer = setTimeout(run, ms);
            return () => clearTimeout(timer);
          },
        },
        random: () => 0,
        fieldManager: "tandem-contract",
        drainMs: 200,
        deadline: AbortSignal.timeout(60_000),
        turnstile: new Turnstile(2),
      },
      { paused: () => {}, began: () => {}, ended: () => {} },
    );
    expect(report.problems).toEqual([]);
    await untilReleased();
    expect(await world.picture()).toEqual(before);
  });

  test("a selector that somebody sets while it is held is the new original", async () => {
    await world.startController();
    await world.protect("Gateway");
    await world.listenAsAllotted();
    await untilHeld();
    await world.patch(KUBE_RESOURCES.services, "web", {
      spec: { selector: { "tandem.dev/held": null, app: "other" } },
    });
    await world.until(async () => {
      const origin = (await world.read(KUBE_RESOURCES.services, "web-tandem-origin"))?.["spec"];
      return (await world.isHeld()) && JSON.stringify((origin as { selector: object }).selector) === '{"app":"other"}';
    });
    await world.remove(KUBE_RESOURCES.failoverPolicies, "web");
    await world.until(async () => (await world.read(KUBE_RESOURCES.services, "web-tandem-origin")) === undefined);
    expect(await world.selector()).toEqual({ app: "other" });
  });

  test("the Service deleted while it is held, nothing of ours is left", async () => {
    await world.startController();
    await world.protect("Gateway");
    await world.listenAsAllotted();
    await untilHeld();
    await world.remove(KUBE_RESOURCES.services, "web");
    await world.until(async () => (await world.list(KUBE_RESOURCES.services)).length === 0);
    await world.until(async () => (await world.list(KUBE_RESOURCES.endpointSlices)).length === 0);
  });

  test("the policy's status says that the Service is missing, and that it is there", async () => {
    await world.startController();
    await world.remove(KUBE_RESOURCES.services, "web");
    await world.protect("Gateway");
    const accepted = async (): Promise<string | undefined> => {
      const status = (await world.read(KUBE_RESOURCES.failoverPolicies, "web"))?.["status"] as
        | { readonly conditions?: readonly { readonly type: string; readonly reason: string }[] }
        | undefined;
      return status?.conditions?.find(({ type }) => type === "Accepted")?.reason;
    };
    await world.until(async () => (await accepted()) === "ServiceNotFound");
  });
});
