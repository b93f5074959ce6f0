import fc from "fast-check";
import { expect, test } from "vitest";
import { generateCase } from "../../../../test/scheduler/generate/generate-case.ts";
import { webService } from "../../../../test/scheduler/lost-cluster.ts";
import { readSnapshot } from "../../../model/snapshot/read-snapshot.ts";
import { TIMELINE_FORMS } from "../loss.ts";
import { certaintyOf, serviceBounds } from "./certainty.ts";
import { prepareCluster, runTimeline } from "./run-timeline.ts";
import { TIMELINE_DEFAULTS } from "./timeline-scenario.ts";

test("what all seeds show is always, what some show is possible", () => {
  expect(certaintyOf([], 4)).toEqual({ kind: "never", seeds: 4 });
  expect(certaintyOf([1, 2, 3, 4], 4)).toEqual({ kind: "always", seeds: 4 });
  expect(certaintyOf([2, 4], 4)).toEqual({ kind: "possible", count: 2, seeds: 4, seed: 2 });
});

/** All pods that a generated cluster has, by the app that their labels name. */
const services = ["case-a", "case-b", "case-c"].flatMap((namespace) =>
  ["a", "b", "c"].map((app) => ({
    ...webService,
    metadata: { name: `of-${app}`, namespace },
    spec: { selector: { app } },
  })),
);

test("no run of any seed leaves the bounds that are called proved", () => {
  const question = fc.record({
    cluster: fc.integer({ min: 1, max: 100_000 }),
    form: fc.constantFrom(...TIMELINE_FORMS),
    seed: fc.integer({ min: 1, max: 1_000 }),
    mode: fc.constantFrom("probe" as const, "preempt" as const),
    added: fc.boolean(),
    lost: fc.integer({ min: 1, max: 2 }),
  });
  let narrow = 0;
  fc.assert(
    fc.property(question, ({ cluster, form, seed, mode, added, lost }) => {
      const { snapshot } = readSnapshot([...services, ...generateCase(cluster, mode).objects]);
      const [first, second, third] = snapshot.nodes.map(({ metadata }) => metadata.name);
      const nodes = new Set([first, second].slice(0, lost).filter((name) => name !== undefined));
      const copies = added && third !== undefined ? [{ pool: third, count: 1, atMs: 90_000 }] : [];
      const scenario = { ...TIMELINE_DEFAULTS, nodes, form, seeds: [seed], added: copies };
      const prepared = prepareCluster(snapshot, scenario.startUpMs);
      const bounds = serviceBounds(prepared.snapshot, prepared.seeds, scenario);
      const { curves } = runTimeline(prepared, scenario, seed);
      for (const [index, curve] of curves.entries()) {
        const { least = 0, most = 0, atLoss = 0 } = bounds[index] ?? {};
        expect(curve[0]?.replicas).toBeLessThanOrEqual(atLoss);
        if (least > 0 || most === 0) narrow += 1;
        for (const { replicas } of curve) {
          expect(replicas).toBeGreaterThanOrEqual(least);
          expect(replicas).toBeLessThanOrEqual(most);
        }
      }
    }),
    {
      numRuns: 200,
      examples: [
        // Pods of one ReplicaSet that differ; a limit of volumes that are attached already.
        [{ cluster: 1503, form: "unreachable", seed: 1, mode: "preempt", added: false, lost: 2 }],
        [{ cluster: 52_864, form: "unreachable", seed: 52_864, mode: "probe", added: false, lost: 1 }],
      ],
    },
  );
  expect(narrow).toBeGreaterThan(100);
});
