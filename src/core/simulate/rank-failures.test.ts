import { expect, test } from "vitest";
import { owned, webService, webServiceNeeding } from "../../../test/scheduler/lost-cluster.ts";
import type { Manifest } from "../../../test/scheduler/scheduler-case.ts";
import { aNode, aPod } from "../../../test/scheduler/small-cluster.ts";
import { readSnapshot } from "../../model/snapshot/read-snapshot.ts";
import { type FailureQuestion, type FailureRanking, rankFailures } from "./rank-failures.ts";

function rank(objects: readonly Manifest[], more: Partial<FailureQuestion> = {}): FailureRanking {
  const question = { key: "node", form: "unreachable" as const, seeds: 2, pairs: false };
  return rankFailures(readSnapshot(objects).snapshot, { ...question, ...more });
}

/** Nodes `a` to `c`, two of which have a pod of `web`, which can run nowhere else; `c` has the only one of `db`. */
const pinned = (node: string): object => ({ nodeSelector: { "kubernetes.io/hostname": node } });
const objects = [
  webService,
  { ...webService, metadata: { name: "db", namespace: "shop" }, spec: { selector: { app: "db" } } },
  aNode("a", "1"),
  aNode("b", "1"),
  aNode("c", "2"),
  aPod("web-a", "a", pinned("a"), owned("ReplicaSet", "web-a")),
  aPod("web-b", "b", pinned("b"), owned("ReplicaSet", "web-b")),
  aPod("db", "c", {}, { labels: { app: "db" }, ...owned("ReplicaSet", "db") }),
];

test("single failures are ranked, the worst first, and single points of failure named", () => {
  const ranking = rank(objects);
  expect(ranking).toMatchObject({ tried: 3, singlePoints: ["c", "a", "b"] });
  expect(ranking.failures).toMatchObject([
    { domains: ["c"], dropsBelow: ["shop/db"], staysBelow: [], pending: 0 },
    { domains: ["a"], dropsBelow: [], staysBelow: [], pending: 1 },
    { domains: ["b"], dropsBelow: [], staysBelow: [], pending: 1 },
  ]);
  expect(ranking.smallestSets).toEqual([{ service: "shop/db", sets: [["c"]] }]);
});

test("pairs show what two failures break and one does not", () => {
  const ranking = rank(objects, { pairs: true });
  expect(ranking.tried).toBe(6);
  expect(ranking.smallestSets).toEqual([
    { service: "shop/db", sets: [["c"]] },
    { service: "shop/web", sets: [["a", "b"]] },
  ]);
});

test("zones and other labels fail as well, and what breaks nothing is left out", () => {
  const zones = rank(objects, { key: "topology.kubernetes.io/zone" });
  expect(zones.failures[0]).toMatchObject({ domains: ["1"], nodes: 2, staysBelow: ["shop/web"] });
  const spare = [aNode("a", "1"), aNode("b", "2"), aPod("web", "a", {}, owned("ReplicaSet")), webServiceNeeding(1)];
  expect(rank(spare).failures.map(({ domains }) => domains)).toEqual([["a"]]);
  expect(rank([aNode("a", "1")]).failures).toEqual([]);
});

test("without a control plane what drops stays below", () => {
  const master = {
    ...aNode("m", "1"),
    metadata: { name: "c", labels: { "node-role.kubernetes.io/control-plane": "" } },
  };
  const ranking = rank([...objects.filter(({ metadata }) => metadata.name !== "c"), master]);
  expect(ranking.failures[0]).toMatchObject({ domains: ["c"], losesControlPlane: true, staysBelow: ["shop/db"] });
});
