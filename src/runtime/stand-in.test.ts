import { beforeEach, expect, test } from "vitest";
import { ManualClock } from "../../test/time/manual-clock.ts";
import type { ClusterSlice, TakeoverChange } from "../model/takeover.ts";
import { StandIn } from "./stand-in.ts";

let clock: ManualClock;
let dead: string[];
let slices: ClusterSlice[];
let written: TakeoverChange[];
let standIn: StandIn;
/** How much later it is than timers believe. */
let pausedMs: number;

/** A slice with an endpoint at each address. */
function sliceOf(name: string, addresses: readonly string[], ready = true): ClusterSlice {
  const metadata = { name, namespace: "shop", uid: name, resourceVersion: "1", labels: {}, annotations: {} };
  return {
    metadata: { ...metadata, deletionTimestamp: undefined },
    addressType: "IPv4",
    endpoints: addresses.map((address) => ({ addresses: [address], conditions: { ready } })),
  };
}

beforeEach(() => {
  clock = new ManualClock();
  [dead, written, pausedMs] = [[], [], 0];
  slices = ["one", "two"].map((name) => sliceOf(name, ["10.0.0.1", "10.0.0.2"]));
  standIn = new StandIn({
    dead: () => dead,
    slices: () => slices,
    writer: {
      write: (_namespace, change) => {
        written.push(change);
        slices = slices.filter(({ metadata }) => change.do !== "patch" || metadata.name !== change.name);
        return Promise.resolve({ became: "written" });
      },
    },
    clock: { now: () => clock.now() + pausedMs, after: (ms, run) => clock.after(ms, run) },
    log: { info: () => {}, warn: () => {}, error: () => {} },
  });
});

async function pass(ms: number): Promise<void> {
  clock.advance(ms);
  await new Promise((resolve) => setImmediate(resolve));
}

test("where the leader does nothing a dead gateway is taken out of every slice, and nothing else is changed", async () => {
  dead = ["10.0.0.1"];
  standIn.look();
  await pass(50);
  expect(written).toEqual([]);
  await pass(10);
  const endpoints = [{ addresses: ["10.0.0.2"], conditions: { ready: true } }];
  expect(written).toEqual(
    ["one", "two"].map((name) => ({
      do: "patch",
      resource: "endpointSlices",
      name,
      resourceVersion: "1",
      patch: { endpoints },
    })),
  );
});

test("a leader that has begun is left to it, and what it does not finish is done", async () => {
  dead = ["10.0.0.1"];
  standIn.look();
  slices = slices.slice(1);
  await pass(60);
  expect(written).toEqual([]);
  await pass(300);
  expect(written).toMatchObject([{ name: "two" }]);
});

test("a leader that puts a gateway back again and again is left to it until the gateway has lived", async () => {
  dead = ["10.0.0.1"];
  standIn.look();
  await pass(60);
  const putBack = (): void => {
    slices = [sliceOf("one", ["10.0.0.1", "10.0.0.2"])];
    standIn.look();
  };
  for (let turn = 0; turn < 20; turn += 1) {
    putBack();
    await pass(300);
  }
  const before = written.length;
  expect(before).toBeLessThan(10);
  dead = [];
  standIn.look();
  dead = ["10.0.0.1"];
  putBack();
  await pass(60);
  expect(written.length).toBe(before + 1);
});

test.each<[string, () => void]>([
  ["who has nobody to stand in for", () => (slices = [])],
  ["where no gateway is dead", () => (dead = [])],
  ["where nobody would be left", () => (dead = ["10.0.0.1", "10.0.0.2"])],
  ["where nobody is led to the gateways", () => (slices = [sliceOf("one", ["10.0.0.1", "10.0.0.2"], false)])],
])("nothing is written by one %s", async (_what, arrange) => {
  dead = ["10.0.0.1"];
  arrange();
  standIn.look();
  await pass(60);
  await pass(300);
  expect(written).toEqual([]);
});

test("one that was paused looks again before it writes", async () => {
  dead = ["10.0.0.1"];
  standIn.look();
  pausedMs = 5_000;
  await pass(60);
  expect(written).toEqual([]);
  dead = [];
  await pass(300);
  expect(written).toEqual([]);
});
