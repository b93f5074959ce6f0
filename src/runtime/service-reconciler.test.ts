import { expect, test, vi } from "vitest";
import { formatProblem } from "../model/problem.ts";
import { locatedObjects, objectsOf, policyText, serviceText, switchText } from "../../test/view/object-set.ts";
import { HealthTable } from "./health-table.ts";
import { ListenPorts } from "./listen-ports.ts";
import { PeerKnowledge } from "./peer-knowledge.ts";
import { ServiceReconciler } from "./service-reconciler.ts";

const NOW = Date.parse("2026-05-01T12:00:00Z");
const clock = { now: () => NOW, after: () => () => {} };
const log = { info: () => {}, warn: () => {}, error: () => {} };

/** A reconciler of the site `west` over objects that a test may change. */
function reconcilerOf(files: Readonly<Record<string, string>>) {
  const objects = objectsOf(files);
  const store = Object.assign(objects, { onChange: () => () => {} });
  const knowledge = new PeerKnowledge(
    { site: "west", gateway: "west-1" },
    { clock, log, sitesOf: () => ["west", "east"] },
  );
  const reconciler = new ServiceReconciler(
    {
      context: { site: "west", eventLog: "/events", writeSocket: "/write", peerHops: "/hops" },
      store,
      sites: {
        gatewaysOf: () => undefined,
        ownGateway: () => ({ address: "10.0.1.100" }),
        ownGateways: () => 1,
        isGatewayAddress: () => false,
      },
      knowledge,
      health: new HealthTable(() => {}),
      memory: { get: () => ({ holds: {} }), set: () => {}, delete: () => {} },
      listenPorts: new ListenPorts([], () => {}),
      clock,
    },
    { replace: () => {}, update: () => {} },
    {
      tcpChainsChanged: () => {},
      failedOver: () => {},
      removed: () => {},
      holdsChanged: () => {},
      statusChanged: () => {},
      failed: () => {},
    },
  );
  reconciler.reconcileAll();
  const statuses = () => reconciler.statuses({ rejectionsOf: () => [], differingOf: () => [] });
  const listens = (): unknown => Object.fromEntries(statuses().map(({ service, listen }) => [service, listen]));
  return { objects, knowledge, reconciler, statuses, listens };
}

test("who could not have a port gets it when the one who has it takes another", async () => {
  const web = serviceText("web", "10080") + policyText("web");
  const { objects, reconciler, listens } = reconcilerOf({
    "web.yaml": web,
    "web2.yaml": serviceText("web2", "10080") + policyText("web2"),
  });
  expect(listens()).toEqual({ "shop/web/80": "10.0.1.100:10080", "shop/web2/80": undefined });
  expect(reconciler.problems().map(formatProblem)).toEqual([
    expect.stringMatching(/^web2\.yaml:1: .*Service shop\/web2: port 10080 is taken by port 80 of Service shop\/web,/),
  ]);
  objects.replaceAll([["web.yaml", locatedObjects("web.yaml", web.replace("10080", "10090"))]]);
  reconciler.look("shop/web");
  await vi.waitFor(() =>
    expect(listens()).toEqual({ "shop/web/80": "10.0.1.100:10090", "shop/web2/80": "10.0.1.100:10080" }),
  );
  expect(reconciler.problems()).toEqual([]);
});

test("a switch that points to the site that serves anyway is in the status with who ordered it", () => {
  const { knowledge, reconciler, statuses } = reconcilerOf({ "web.yaml": serviceText("web") + policyText("web") });
  const until = NOW + 60_000;
  knowledge.orderSwitch({
    service: "shop/web",
    to: "west",
    until,
    reason: "test",
    at: NOW,
    origin: "east",
    over: false,
  });
  reconciler.reconcileAll();
  expect(statuses()[0]?.switch).toEqual({ to: "west", until, reason: "test", origin: "east" });
});

test("what manifests refer to wrongly, and those that no longer count, are problems", () => {
  const { knowledge, reconciler } = reconcilerOf({
    "web.yaml": serviceText("web") + policyText("web"),
    "away.yaml": switchText("away", "north", { metadata: ', creationTimestamp: "2026-05-01T11:00:00Z"' }),
  });
  knowledge.orderSwitch({ service: "shop/web", to: "west", reason: "", at: NOW, origin: "east", over: false });
  expect(reconciler.problems().map(formatProblem)).toEqual([
    expect.stringContaining("away.yaml:1: spec.to: FailoverPolicy shop/web does not list the site north"),
    expect.stringContaining("away.yaml:1: Switch shop/away no longer counts: the newer order to west counts"),
  ]);
});
