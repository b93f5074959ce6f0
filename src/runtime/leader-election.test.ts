import { beforeEach, expect, test } from "vitest";
import { ManualClock } from "../../test/time/manual-clock.ts";
import type { LeaseRecord, LeaseStore } from "../ports/lease-store.ts";
import { LeaderElection } from "./leader-election.ts";

/** A lease in memory, which refuses as an API server does. */
class MemoryLease implements LeaseStore {
  lease: LeaseRecord | undefined;
  isAway = false;
  /** How long a renewal takes, by the clock that is set. */
  delay: (() => Promise<void>) | undefined;
  /** A write arrives, and its answer does not. */
  losesAnswers = false;
  #writes = 0;

  read(): Promise<LeaseRecord | undefined> {
    return this.isAway ? Promise.reject(new Error("away")) : Promise.resolve(this.lease);
  }

  async write(
    lease: Omit<LeaseRecord, "version" | "renewed">,
    before: LeaseRecord | undefined,
  ): Promise<LeaseRecord | undefined> {
    if (this.isAway) throw new Error("away");
    await this.delay?.();
    if (before?.version !== this.lease?.version) return undefined;
    this.#writes += 1;
    this.lease = { ...lease, version: String(this.#writes), renewed: String(this.#writes) };
    if (this.losesAnswers) throw new Error("no answer");
    return this.lease;
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

/** How long after one of two stopped for good the other one acts, and how long that one still might have, in milliseconds. */
async function successionMs(
  before: () => void = () => {},
): Promise<{ readonly taken: number; readonly given: number; readonly durationMs: number | undefined }> {
  const paused = new ManualClock();
  const [first, second] = [replica("one", paused), replica("two")];
  first.start();
  await pass(300, [clock, paused]);
  second.start();
  await pass(3_000, [clock, paused]);
  before();
  await pass(1_000, [clock, paused]);
  const durationMs = leases.lease?.durationMs;
  let given = 0;
  for (let taken = 0; taken < 10_000; taken += 50) {
    if (second.mayAct) return { taken, given, durationMs };
    if (first.mayAct) given = taken;
    clock.advance(50);
    await new Promise((resolve) => setImmediate(resolve));
  }
  throw new Error("nobody took over");
}

test("while the API server answers quickly a leader that died is replaced within 1.5 s, and acts no more well before", async () => {
  const { taken, given } = await successionMs();
  expect(taken).toBeLessThanOrEqual(1_500);
  expect(given).toBeLessThan(taken - 200);
});

test("renewals that take long make the lease a long one, and its holder goes on leading", async () => {
  const { taken, given, durationMs } = await successionMs(() => {
    leases.delay = () => new Promise((resolve) => void clock.after(300, resolve));
  });
  expect(durationMs).toBe(3_000);
  expect(taken).toBeGreaterThan(2_000);
  expect(taken).toBeLessThanOrEqual(5_000);
  expect(given).toBeLessThan(taken - 200);
  expect(events).toEqual(["one leads", "two leads"]);
});

test("a shorter promise binds also when its answer is lost", async () => {
  const only = replica("one");
  only.start();
  await pass(600);
  expect(leases.lease?.durationMs).toBe(3_000);
  // The fourth turn asks for the short terms; its answer never comes, and nothing arrives after it.
  leases.losesAnswers = true;
  await pass(100);
  expect([leases.lease?.durationMs, only.mayAct]).toEqual([1_000, true]);
  leases.isAway = true;
  await pass(700);
  expect(only.mayAct).toBe(false);
});

test("a renewal that came late leaves the lease with its holder, which acts again after the next one", async () => {
  const only = replica("one");
  only.start();
  await pass(2_000);
  leases.delay = () => new Promise((resolve) => void clock.after(900, resolve));
  await pass(800);
  expect(only.mayAct).toBe(false);
  leases.delay = undefined;
  await pass(600);
  expect([only.mayAct, events]).toEqual([true, ["one leads"]]);
});
