import { beforeEach, expect, test } from "vitest";
import { ServiceCluster } from "../../test/takeover/service-cluster.ts";
import { ManualClock } from "../../test/time/manual-clock.ts";
import type { TakeoverChange, TakeoverView } from "../model/takeover.ts";
import type { ClusterWriter, WriteOutcome } from "../ports/cluster-writer.ts";
import { TakeoverReconciler } from "./takeover-reconciler.ts";

let clock: ManualClock;
let cluster: ServiceCluster;
let rest: Partial<TakeoverView>;
let written: TakeoverChange[];
let answers: WriteOutcome[];
let states: string[];
let reconciler: TakeoverReconciler;

beforeEach(() => {
  clock = new ManualClock();
  cluster = new ServiceCluster();
  rest = {};
  written = [];
  answers = [];
  states = [];
  const writer: ClusterWriter = {
    write: (_namespace, change) => {
      written.push(change);
      const answer = answers.shift() ?? { became: "written" };
      if (answer.became === "written") cluster.apply([change]);
      return Promise.resolve(answer);
    },
  };
  const log = { info: () => {}, warn: () => {}, error: () => {} };
  reconciler = new TakeoverReconciler(
    { view: () => Promise.resolve(cluster.view({ now: clock.now(), ...rest })), writer, clock, random: () => 0, log },
    { planned: (_service, { state }) => states.push(state) },
  );
});

/** Looks at the Service and lets everything follow that needs no time. */
async function look(): Promise<void> {
  reconciler.look("shop/web");
  await turn();
}

async function turn(): Promise<void> {
  for (let step = 0; step < 5; step += 1) await new Promise((resolve) => setImmediate(resolve));
}

test("each look brings the Service one step further, until there is nothing to do", async () => {
  await look();
  await look();
  expect([states, cluster.selector]).toEqual([["Preparing", "Held"], { "tandem.dev/held": "uid-policy" }]);
  const before = written.length;
  await look();
  expect(written.length).toBe(before);
});

test("what there is is looked at again some seconds after a write, although nobody says so", async () => {
  await look();
  expect(states).toEqual(["Preparing"]);
  clock.advance(5_000);
  await turn();
  expect(states).toEqual(["Preparing", "Held"]);
});

test("a write that failed is tried again, later and later", async () => {
  const failed: WriteOutcome = { became: "failed", retryable: true, reason: "Unreachable", message: "away" };
  answers = [failed, failed, failed, failed];
  await look();
  expect(clock.waits).toEqual([100]);
  clock.advance(100);
  await turn();
  expect(clock.waits).toEqual([200]);
  clock.advance(200);
  await turn();
  expect(cluster.extras()).toHaveLength(2);
});

test("a server that wants to be left alone is", async () => {
  answers = [{ became: "failed", retryable: true, reason: "TooManyRequests", message: "no", retryAfterMs: 7_000 }];
  await look();
  expect(clock.waits).toEqual([7_000]);
});

test("who was slower than somebody else looks again soon", async () => {
  await look();
  answers = [{ became: "outdated", message: "modified" }];
  await look();
  expect(clock.waits).toEqual([100]);
});

test("on the way back Kubernetes' slices are looked for, and then time is waited for", async () => {
  await look();
  await look();
  rest = { policy: undefined, returned: false };
  await look();
  expect(clock.waits).toEqual([100]);
  rest = { policy: undefined, returned: true, drainMs: 10_000 };
  clock.advance(100);
  await turn();
  clock.advance(100);
  await turn();
  expect(clock.waits).toEqual([9_900]);
});

test("closed, it writes nothing more", async () => {
  reconciler.close();
  await look();
  clock.advance(60_000);
  await turn();
  expect(written).toEqual([]);
});

test("of many Services so many are written at a time, and those that waited are worked out anew", async () => {
  const underWay: (() => void)[] = [];
  const looks = new Map<string, number>();
  let released = false;
  const many = new TakeoverReconciler(
    {
      view: (service) => {
        looks.set(service, (looks.get(service) ?? 0) + 1);
        return Promise.resolve(cluster.view({ now: clock.now() }));
      },
      writer: {
        write: () => {
          if (released) return Promise.resolve({ became: "written" });
          const { promise, resolve } = Promise.withResolvers<WriteOutcome>();
          underWay.push(() => resolve({ became: "written" }));
          return promise;
        },
      },
      clock,
      random: () => 0,
      log: { info: () => {}, warn: () => {}, error: () => {} },
    },
    { planned: () => {} },
  );
  for (let index = 0; index < 40; index += 1) many.look(`shop/web-${index}`);
  await turn();
  const each = underWay.length / 16;
  expect([Number.isInteger(each), looks.get("shop/web-0"), looks.get("shop/web-39")]).toEqual([true, 1, 1]);
  released = true;
  for (const answer of underWay) answer();
  await turn();
  expect([looks.get("shop/web-0"), looks.get("shop/web-39")]).toEqual([1, 2]);
});
