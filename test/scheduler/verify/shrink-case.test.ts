import { expect, test } from "vitest";
import type { Manifest, SchedulerCase } from "../scheduler-case.ts";
import { shrinkCase } from "./shrink-case.ts";

function pod(name: string, labels: Record<string, string>): Manifest {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: "a", labels },
    spec: { priority: 5, tolerations: [{ key: "x" }, { key: "y" }, { key: "z" }] },
  };
}

const one: SchedulerCase = {
  mode: "probe",
  seed: 7,
  objects: ["r0", "r1", "r2", "r3", "r4"].map((name) => pod(name, { app: name, tier: "t" })),
  pending: [pod("p0", {}), pod("p1", { app: "p1" })],
};

/** It takes r3 with its label, and a toleration of y. */
function shows({ objects, pending }: SchedulerCase): boolean {
  const isThere = objects.some(({ metadata }) => metadata.labels?.["app"] === "r3");
  return isThere && pending.some(({ spec }) => JSON.stringify(spec)?.includes('"y"') ?? false);
}

test("what is left is what it takes", async () => {
  const smallest = await shrinkCase(one, async (smaller) => await Promise.resolve(shows(smaller)), 1_000);
  expect(smallest).toEqual({
    mode: "probe",
    seed: 7,
    objects: [{ apiVersion: "v1", kind: "Pod", metadata: { name: "r3", namespace: "a", labels: { app: "r3" } } }],
    pending: [
      {
        apiVersion: "v1",
        kind: "Pod",
        metadata: { name: "p1", namespace: "a" },
        spec: { tolerations: [{ key: "y" }] },
      },
    ],
  });
});

test("it is tried no more often than allowed, and what is not shown is not taken", async () => {
  let tries = 0;
  const smallest = await shrinkCase(
    one,
    async () => {
      tries += 1;
      return await Promise.resolve(false);
    },
    10,
  );
  expect(smallest).toEqual(one);
  expect(tries).toBe(10);
});
