import { beforeEach, describe, expect, test } from "vitest";
import { ManualClock } from "../../test/time/manual-clock.ts";
import type { GatewayAddress } from "../model/kinds/index.ts";
import { GatewayLiveness, type LivenessSources } from "./gateway-liveness.ts";

const gateway = (n: number): GatewayAddress => ({ name: `west-${n}`, address: `10.1.0.${n}`, port: 15_443 });

let clock: ManualClock;
let gateways: GatewayAddress[];
let dead: Set<string>;
/** `address:port` at which somebody takes connections. */
let listening: Set<string>;
let told: (string | undefined)[];
let admitted: ReadonlySet<string>;
let logged: string[];
let liveness: GatewayLiveness;

beforeEach(() => {
  clock = new ManualClock();
  gateways = [gateway(1), gateway(2)];
  dead = new Set();
  listening = new Set(["10.1.0.1:20001", "10.1.0.2:20001"]);
  told = [];
  admitted = new Set();
  logged = [];
  liveness = watch();
});

function watch(more: Partial<LivenessSources> = {}): GatewayLiveness {
  const log = { info: () => {}, warn: (event: string) => logged.push(event), error: () => {} };
  const probe = {
    isReady: (address: string) => Promise.resolve(!dead.has(address)),
    takesConnections: (address: string, port: number) => Promise.resolve(listening.has(`${address}:${port}`)),
  };
  const sources = { gateways: () => gateways, probe, clock, log, ...more };
  return new GatewayLiveness(sources, (service) => told.push(service));
}

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

test("one that somebody else has taken out is put back after a second, in which it might be found dead here", async () => {
  await liveness.start();
  liveness.doubt("10.1.0.1");
  expect(await serving(20_001)).toEqual(["west-2"]);
  told.length = 0;
  await pass(100);
  expect(told).toContain("shop/web");
  await pass(900);
  expect(await serving(20_001)).toEqual(["west-1", "west-2"]);
  admitted = new Set(["10.1.0.1"]);
  liveness.doubt("10.1.0.1");
  expect(await serving(20_001)).toEqual(["west-1", "west-2"]);
});

test("one that is doubted serves where nobody else would", async () => {
  await liveness.start();
  listening.delete("10.1.0.2:20002");
  listening.add("10.1.0.1:20002");
  liveness.doubt("10.1.0.1");
  expect(await serving(20_002)).toEqual(["west-1"]);
});

test("another gateway with the address of one that died has nothing to make good", async () => {
  await liveness.start();
  dead.add("10.1.0.1");
  await pass(300);
  expect(await serving(20_001)).toEqual(["west-2"]);
  dead.clear();
  gateways = [{ ...gateway(1), name: "west-3" }, gateway(2)];
  await pass(200);
  expect(await serving(20_001)).toEqual(["west-3", "west-2"]);
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

describe("with other observers", () => {
  /** By the address of an observer's gateway: those that it finds dead. */
  let findings: Map<string, ReadonlySet<string>>;

  beforeEach(() => {
    findings = new Map([["10.1.0.2", new Set()]]);
    liveness = watch({ witnesses: () => findings });
  });

  test("one that does not answer serves on for as long as the other gateways' agents reach it", async () => {
    await liveness.start();
    dead.add("10.1.0.1");
    await pass(5_000);
    expect(await serving(20_001)).toEqual(["west-1", "west-2"]);
    expect(logged.filter((event) => event === "gateway_disputed")).toHaveLength(1);
  });

  test("it is dead once one of them agrees, and that is told at once", async () => {
    await liveness.start();
    dead.add("10.1.0.1");
    await pass(200);
    told.length = 0;
    findings.set("10.1.0.2", new Set(["10.1.0.1"]));
    liveness.review();
    expect([await serving(20_001), told]).toEqual([["west-2"], [undefined]]);
  });

  test("what the others find is nothing while it answers here", async () => {
    await liveness.start();
    findings.set("10.1.0.2", new Set(["10.1.0.1"]));
    await pass(1_000);
    expect(await serving(20_001)).toEqual(["west-1", "west-2"]);
  });

  test("while nobody is heard it takes a second to be dead", async () => {
    findings.clear();
    await liveness.start();
    dead.add("10.1.0.1");
    await pass(900);
    expect(await serving(20_001)).toEqual(["west-1", "west-2"]);
    await pass(100);
    expect(await serving(20_001)).toEqual(["west-2"]);
  });

  test("one whose own gateway does not answer has no say, nor has a gateway about itself", async () => {
    await liveness.start();
    findings.set("10.1.0.1", new Set(["10.1.0.2"]));
    dead = new Set(["10.1.0.1", "10.1.0.2"]);
    await pass(900);
    expect(await serving(20_001)).toEqual(["west-1", "west-2"]);
    await pass(100);
    expect(await serving(20_001)).toEqual([]);
  });

  test("the last one is given a second whatever the others find", async () => {
    await liveness.start();
    findings.set("10.1.0.2", new Set(["10.1.0.1"]));
    dead.add("10.1.0.1");
    await pass(200);
    expect(await serving(20_001)).toEqual(["west-2"]);
    findings.set("10.1.0.3", new Set(["10.1.0.2"]));
    dead.add("10.1.0.2");
    await pass(900);
    expect(await serving(20_001)).toEqual(["west-2"]);
    await pass(100);
    expect(await serving(20_001)).toEqual([]);
  });

  test("a start ends once it is known who lives, also while nobody else is heard", async () => {
    findings.clear();
    dead.add("10.1.0.1");
    let isStarted = false;
    const starting = liveness.start().then(() => {
      isStarted = true;
    });
    await pass(500);
    expect(isStarted).toBe(false);
    await pass(500);
    await starting;
    expect(await serving(20_001)).toEqual(["west-2"]);
  });
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

test("one that is new has nothing to make good: it serves from its first answer on", async () => {
  await liveness.start();
  gateways = [gateway(1), gateway(2), gateway(3)];
  listening.add("10.1.0.3:20001");
  dead.add("10.1.0.3");
  await pass(500);
  expect(await serving(20_001)).toEqual(["west-1", "west-2"]);
  dead.clear();
  await pass(100);
  expect(await serving(20_001)).toEqual(["west-1", "west-2", "west-3"]);
});
