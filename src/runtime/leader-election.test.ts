import { beforeEach, expect, test } from "vitest";
import { ManualClock } from "../../test/time/manual-clock.ts";
import type { LeaseRecord, LeaseStore } from "../ports/lease-store.ts";
import { LeaderElection } from "./leader-election.ts";

/** A lease in memory, which refuses as an API server does. */
class MemoryLease implements LeaseStore {
  lease: LeaseRecord | undefined;
  isAway = false;
  #writes = 0;

  read(): Promise<LeaseRecord | undefined> {
    return this.isAway ? Promise.reject(new Error("away")) : Promise.resolve(this.lease);
  }

  write(
    lease: Omit<LeaseRecord, "version" | "renewed">,
    before: LeaseRecord | undefined,
  ): Promise<LeaseRecord | undefined> {
    if (this.isAway) return Promise.reject(new Error("away"));
    if (before?.version !== this.lease?.version) return Promise.resolve(undefined);
    this.#writes += 1;
    this.lease = { ...lease, version: String(this.#writes), renewed: String(this.#writes) };
    return Promise.resolve(this.lease);
  }
}

let clock: ManualClock;
let leases: MemoryLease;
let events: string[];

beforeEach(() => {
  clock = new ManualClock();
  leases = new MemoryLease();
  events = [];
});

/** A replica with a clock of its own, which may be paused. */
function replica(identity: string, own = clock): LeaderElection {
  const log = { info: () => {}, warn: () => {}, error: () => {} };
  const sources = { leases, identity, clock: own, monotonic: () => clock.now(), log };
  return new LeaderElection(sources, {
    leading: () => events.push(`${identity} leads`),
    following: () => events.push(`${identity} follows`),
  });
}

/** Lets time pass in small steps, and everything that follows from each. */
async function pass(ms: number, clocks = [clock]): Promise<void> {
  for (let passed = 0; passed < ms; passed += 100) {
    for (const one of clocks) one.advance(100);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

test("one of two leads, and goes on leading", async () => {
  const [first, second] = [replica("one"), replica("two")];
  first.start();
  await pass(100);
  second.start();
  await pass(20_000);
  expect(events).toEqual(["one leads"]);
  expect([first.mayAct, second.mayAct, second.leader]).toEqual([true, false, "one"]);
});

test("after one was killed the other leads within 5 s, and one that was paused may not act before that", async () => {
  const paused = new ManualClock();
  const [first, second] = [replica("one", paused), replica("two")];
  first.start();
  await pass(1_000, [clock, paused]);
  second.start();
  await pass(1_000, [clock, paused]);
  let actedUntil = 0;
  for (let passed = 0; !second.mayAct && passed < 10_000; passed += 100) {
    if (first.mayAct) actedUntil = passed;
    await pass(100);
  }
  expect(second.mayAct).toBe(true);
  expect(clock.now() - paused.now()).toBeLessThanOrEqual(5_000);
  expect(actedUntil).toBeLessThan(clock.now() - paused.now() - 500);
  // It wakes up and sees that it leads no more.
  await pass(1_000, [clock, paused]);
  expect([first.mayAct, events]).toEqual([false, ["one leads", "two leads", "one follows"]]);
});

test("a lease that is given back is taken at once", async () => {
  const [first, second] = [replica("one"), replica("two")];
  first.start();
  await pass(100);
  second.start();
  await pass(1_000);
  await first.close();
  await pass(600);
  expect(events).toEqual(["one leads", "one follows", "two leads"]);
});

test("a leader that cannot renew acts no more before its lease is over, and leads again when it can", async () => {
  const only = replica("one");
  only.start();
  await pass(1_000);
  leases.isAway = true;
  await pass(2_500);
  expect([only.mayAct, events]).toEqual([false, ["one leads", "one follows"]]);
  leases.isAway = false;
  await pass(1_000);
  expect([only.mayAct, events]).toEqual([true, ["one leads", "one follows", "one leads"]]);
});

test("of two that want a free lease at the same moment one gets it", async () => {
  const [first, second] = [replica("one"), replica("two")];
  first.start();
  second.start();
  await pass(2_000);
  expect(events).toHaveLength(1);
});

test("a replica that was started anew waits for the lease of the one before: it may still be there", async () => {
  const before = replica("one-a");
  before.start();
  await pass(100);
  const after = replica("one-b");
  after.start();
  await pass(1_000);
  expect([before.mayAct, after.mayAct]).toEqual([true, false]);
});

test("a lease is given back also while it is being renewed", async () => {
  const first = replica("one");
  first.start();
  await pass(100);
  clock.advance(500);
  await first.close();
  expect(leases.lease?.holder).toBe("");
});
