import { expect, test } from "vitest";
import { lose, owned, threeZones, webServiceNeeding } from "../../../../test/scheduler/lost-cluster.ts";
import type { Manifest } from "../../../../test/scheduler/scheduler-case.ts";
import { aNode, aPod } from "../../../../test/scheduler/small-cluster.ts";
import { formatTimeline } from "./timeline-report.ts";

function budget(spec: object, name = "web"): Manifest {
  return {
    apiVersion: "policy/v1",
    kind: "PodDisruptionBudget",
    metadata: { name, namespace: "shop" },
    spec: { selector: { matchLabels: { app: "web" } }, ...spec },
  };
}

test("that the control plane is lost stands first, before everything else", () => {
  const master = {
    ...aNode("m0", "c"),
    metadata: { name: "m0", labels: { "node-role.kubernetes.io/control-plane": "" } },
  };
  const lines = formatTimeline(lose([...threeZones(), master], ["zone=c", "m0"]), "zone=c").split("\n");
  expect(lines.slice(1, 3)).toEqual([
    "THE CONTROL PLANE IS LOST WITH IT (1 of 1): no API server is left",
    "nothing is noticed, evicted or replaced, and requests still go to lost pods",
  ]);
});

test("a StatefulSet that is not made anew is said to be so, and a pod of nobody is named", () => {
  const quorum = lose([...threeZones({}, "StatefulSet"), aPod("lone", "c0")], ["zone=c"]);
  expect(quorum.services[0]?.needs).toEqual({ pods: 5, because: "quorum" });
  const objects = [webServiceNeeding(7), ...threeZones({}, "StatefulSet").slice(1), aPod("lone", "c0")];
  const impact = lose(objects, ["zone=c"]);
  const text = formatTimeline(impact, "zone=c unreachable");
  expect(text).toContain("3 of StatefulSet shop/web: being deleted on a lost node, and made anew only once it is gone");
  expect(text).toContain("nobody makes these anew: shop/lone");
  expect(text).toContain("stays below what it needs: proved");
});

test("a drain names the budgets that refuse, and the nodes that are not empty", () => {
  const pods = [0, 1].map((index) => aPod(`web-${index}`, "a0", {}, owned("ReplicaSet")));
  const objects = [webServiceNeeding(1), aNode("a0", "a"), aNode("b0", "b"), ...pods];
  const drain = (...more: Manifest[]) =>
    formatTimeline(lose([...objects, ...more], ["a0"], { form: "drained", seeds: [1] }), "node=a0 drained");
  const blocked = drain(budget({ minAvailable: 2 }));
  expect(blocked).toMatch(/budget shop\/web, first for shop\/web-[01], 0s to 15m: to the end/);
  expect(blocked).toContain("not drained: a0");
  expect(drain(budget({ maxUnavailable: 1 }))).toMatch(
    /budget shop\/web, first for shop\/web-[01], 0s to 25s: until 25s/,
  );
  expect(drain(budget({}), budget({}, "other"))).toMatch(
    /shop\/other and shop\/web both select shop\/web-[01]: the eviction API answers 500/,
  );
});

test("how long a Service has none, and until when it is below its need", () => {
  const objects = [
    webServiceNeeding(1),
    aNode("a0", "a"),
    aNode("b0", "b"),
    aPod("web", "a0", {}, owned("ReplicaSet")),
  ];
  const text = formatTimeline(lose(objects, ["a0"], { seeds: [7] }), "node=a0 unreachable");
  expect(text).toContain("node=a0 unreachable: 1 node lost; 15m simulated, seed 7");
  expect(text).toContain("·".repeat(13) + "█".repeat(17));
  expect(text).toContain("below what it needs until 6m25s: proved");
});

test("nothing that is lost by a Service is said in one line", () => {
  expect(formatTimeline(lose([aNode("a0", "a")], ["a0"]), "node=a0")).toContain("no Service loses a pod");
});
