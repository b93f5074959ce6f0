import { beforeEach, expect, test } from "vitest";
import { ManualClock } from "../../test/time/manual-clock.ts";
import type { GatewayAddress } from "../model/kinds/index.ts";
import { GatewayLiveness } from "./gateway-liveness.ts";

const gateway = (n: number): GatewayAddress => ({ name: `west-${n}`, address: `10.1.0.${n}`, port: 15_443 });

let clock: ManualClock;
let gateways: GatewayAddress[];
let dead: Set<string>;
/** `address:port` at which somebody takes connections. */
let listening: Set<string>;
let told: (string | undefined)[];
let admitted: ReadonlySet<string>;
let liveness: GatewayLiveness;

beforeEach(() => {
  clock = new ManualClock();
  gateways = [gateway(1), gateway(2)];
  dead = new Set();
  listening = new Set(["10.1.0.1:20001", "10.1.0.2:20001"]);
  told = [];
  admitted = new Set();
  const log = { info: () => {}, warn: () => {}, error: () => {} };
  const probe = {
    isReady: (address: string) => Promise.resolve(!dead.has(address)),
    takesConnections: (address: string, port: number) => Promise.resolve(listening.has(`${address}:${port}`)),
  };
  liveness = new GatewayLiveness({ gateways: () => gateways, probe, clock, log }, (service) => told.push(service));
});

/** Lets time pass in the steps of probes, and everything that follows from each. */
async function pass(ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 100) {
    clock.advance(100);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

const serving = async (...ports: readonly number[]): Promise<readonly string[]> =>
  (await liveness.serving("shop/web", ports, admitted)).map(({ name }) => name);

test("who answers and takes connections for the Service serves it, known from the first question on", async () => {
  await liveness.start();
  expect(await serving(20_001)).toEqual(["west-1", "west-2"]);
});

test("one lost probe is nothing; after two the gateway is dead, and that is told", async () => {
  await liveness.start();
  told.length = 0;
  dead.add("10.1.0.1");
  await pass(100);
  expect([await serving(20_001), told]).toEqual([["west-1", "west-2"], []]);
  await pass(100);
  expect([await serving(20_001), told]).toEqual([["west-2"], [undefined]]);
});

test("one that was dead serves again after ten seconds of answers", async () => {
  await liveness.start();
  dead.add("10.1.0.1");
  await pass(300);
  dead.clear();
  await pass(9_000);
  expect(await serving(20_001)).toEqual(["west-2"]);
  await pass(1_200);
  expect(await serving(20_001)).toEqual(["west-1", "west-2"]);
});

test("when all are dead the first that answers serves at once", async () => {
  await liveness.start();
  dead = new Set(["10.1.0.1", "10.1.0.2"]);
  await pass(300);
  // The last one is given a second: nobody could stand in for it.
  expect(await serving(20_001)).toEqual(["west-2"]);
  await pass(800);
  expect(await serving(20_001)).toEqual([]);
  dead.delete("10.1.0.2");
  await pass(100);
  expect(await serving(20_001)).toEqual(["west-2"]);
});

test("a gateway that is dead from the start is known to be before anything is decided", async () => {
  dead.add("10.1.0.1");
  await liveness.start();
  expect(await serving(20_001)).toEqual(["west-2"]);
});

test("a listener that is not there yet is looked for, and the Service is told of", async () => {
  await liveness.start();
  told.length = 0;
  expect(await serving(20_002)).toEqual([]);
  listening.add("10.1.0.2:20002");
  await pass(100);
  expect(told).toEqual(["shop/web"]);
  expect(await serving(20_002)).toEqual(["west-2"]);
});

test("all listeners of a Service have to be there", async () => {
  await liveness.start();
  listening.add("10.1.0.2:20002");
  expect(await serving(20_001, 20_002)).toEqual(["west-2"]);
});

test("the listeners of one that died are looked for anew", async () => {
  await liveness.start();
  await serving(20_001);
  dead.add("10.1.0.1");
  await pass(300);
  listening.delete("10.1.0.1:20001");
  dead.clear();
  await pass(10_500);
  expect(await serving(20_001)).toEqual(["west-2"]);
});

test("a gateway that the site no longer lists does not serve", async () => {
  await liveness.start();
  gateways = [gateway(2)];
  expect(await serving(20_001)).toEqual(["west-2"]);
});

test("one that the Service goes to already stays for as long as it lives, also while a new port has no listener yet", async () => {
  await liveness.start();
  admitted = new Set(["10.1.0.1"]);
  expect(await serving(20_001, 20_002)).toEqual(["west-1"]);
  dead.add("10.1.0.1");
  await pass(300);
  expect(await serving(20_001, 20_002)).toEqual([]);
});
