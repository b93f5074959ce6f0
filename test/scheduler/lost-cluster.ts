/**
 * Clusters that lose something, and what comes of it, for tests of simulations over time.
 * @module
 */
import { nodesOf, parseLostDomain } from "../../src/core/simulate/loss.ts";
import type { TimelineEvent } from "../../src/core/simulate/timeline/event-log.ts";
import { simulateTimeline, type TimelineImpact } from "../../src/core/simulate/timeline/simulate-timeline.ts";
import { TIMELINE_DEFAULTS, type TimelineScenario } from "../../src/core/simulate/timeline/timeline-scenario.ts";
import { readSnapshot } from "../../src/model/snapshot/read-snapshot.ts";
import type { Manifest } from "./scheduler-case.ts";
import { aNode, aPod } from "./small-cluster.ts";

/** The metadata of a pod that a controller made. */
export function owned(kind: string, name = "web"): object {
  return { ownerReferences: [{ kind, name, uid: "1", controller: true }] };
}

/** The Service of the pods of app `web`. */
export const webService: Manifest = {
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: "web", namespace: "shop" },
  spec: { selector: { app: "web" } },
};

/** The same, which needs so many pods. */
export function webServiceNeeding(pods: number): Manifest {
  return { ...webService, metadata: { ...webService.metadata, annotations: { "tandem.dev/needs": `${pods}` } } };
}

/** Three zones of three nodes, one pod of the Service on each; a StatefulSet's are numbered. */
export function threeZones(spec: object = {}, kind = "ReplicaSet"): readonly Manifest[] {
  const names = ["a", "b", "c"].flatMap((zone) => [0, 1, 2].map((number) => `${zone}${number}`));
  return [
    webService,
    ...names.flatMap((name, index) => [
      aNode(name, name.slice(0, 1)),
      aPod(kind === "StatefulSet" ? `web-${index}` : `web-${name}`, name, spec, owned(kind)),
    ]),
  ];
}

/** Nodes of one zone, `a000` and on, with some pods of the Service on each. */
export function oneZone(nodes: number, podsOnEach = 1): readonly Manifest[] {
  return Array.from({ length: nodes }, (_, index) => `a${String(index).padStart(4, "0")}`).flatMap((name) => [
    aNode(name, "a"),
    ...Array.from({ length: podsOnEach }, (_, pod) => aPod(`web-${name}-${pod}`, name, {}, owned("ReplicaSet"))),
  ]);
}

/**
 * Loses domains such as `zone=c`.
 * @throws Error when an object is not of its kind's form
 */
export function lose(
  objects: readonly Manifest[],
  lost: readonly string[],
  more: Partial<TimelineScenario> = {},
): TimelineImpact {
  const { snapshot, problems } = readSnapshot(objects);
  if (problems.length > 0) throw new Error(JSON.stringify(problems));
  const nodes = lost.flatMap((text) => {
    const domain = parseLostDomain(text.includes("=") ? text : `node=${text}`);
    return domain === undefined ? [] : nodesOf(domain, snapshot).map(({ metadata }) => metadata.name);
  });
  const scenario = { ...TIMELINE_DEFAULTS, form: "unreachable" as const, seeds: [1, 2, 3, 4], added: [], ...more };
  return simulateTimeline(snapshot, { ...scenario, nodes: new Set(nodes) });
}

/** All that happened of one kind. */
export function eventOf(impact: TimelineImpact, kind: TimelineEvent["kind"]): TimelineEvent | undefined {
  return impact.events.find((one) => one.kind === kind);
}
