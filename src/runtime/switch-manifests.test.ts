import { describe, expect, test } from "vitest";
import type { SwitchRecord } from "../model/catalog.ts";
import { Switch } from "../model/kinds/index.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import { PeerKnowledge } from "./peer-knowledge.ts";
import { orderOf, SwitchManifests } from "./switch-manifests.ts";

const NOW = Date.parse("2026-05-01T12:00:00Z");
const OF = { service: "shop/web", site: "west", gateway: "west-1", now: NOW } as const;

function manifest(name: string, to: string, creationTimestamp: string): Switch {
  return Switch.parse({
    apiVersion: "tandem.dev/v1alpha1",
    kind: "Switch",
    metadata: { name, namespace: "shop", creationTimestamp },
    spec: { targetRef: { kind: "Service", name: "web" }, to, reason: "maintenance" },
  });
}

const EAST = manifest("to-east", "east", "2026-05-01T11:00:00Z");
const ORDERED: SwitchRecord = {
  service: "shop/web",
  to: "east",
  reason: "maintenance",
  at: Date.parse("2026-05-01T11:00:00Z"),
  origin: "west",
  over: false,
  manifest: "shop/to-east",
  gateway: "west-1",
};

/** An order by command, at another site. */
function commanded(time: string, over = false): SwitchRecord {
  return { service: "shop/web", to: "west", reason: "", at: Date.parse(time), origin: "east", over };
}

describe("what Switch manifests order", () => {
  test("a manifest orders what it says, as of when it was written", () => {
    expect(orderOf([EAST], undefined, OF)).toEqual(ORDERED);
  });

  test("what is known already is not ordered again", () => {
    expect(orderOf([EAST], ORDERED, OF)).toBeUndefined();
  });

  test("an order by command counts if it is newer, in force or over", () => {
    expect(orderOf([EAST], commanded("2026-05-01T11:30:00Z"), OF)).toBeUndefined();
    expect(orderOf([EAST], commanded("2026-05-01T11:30:00Z", true), OF)).toBeUndefined();
    expect(orderOf([EAST], commanded("2026-05-01T10:30:00Z"), OF)).toEqual(ORDERED);
  });

  test("of several manifests the one written last counts", () => {
    const west = manifest("to-west", "west", "2026-05-01T11:45:00Z");
    expect(orderOf([EAST, west], ORDERED, OF)).toMatchObject({ to: "west", manifest: "shop/to-west" });
  });

  test("a manifest dated in the future is ordered now, once", () => {
    const order = orderOf([manifest("to-east", "east", "2027-01-01T00:00:00Z")], undefined, OF);
    expect(order?.at).toBe(NOW);
    expect(orderOf([EAST], order, OF)).toBeUndefined();
  });

  test("`until` travels with it", () => {
    const until = { ...EAST, spec: { ...EAST.spec, until: "2026-05-01T13:00:00Z" } };
    expect(orderOf([until], undefined, OF)?.until).toBe(Date.parse("2026-05-01T13:00:00Z"));
  });
});

/** One gateway of west that reads manifests, and what it orders. */
function gateway(name: string, known?: SwitchRecord) {
  const files: { manifests: Switch[]; problems: { message: string; remedy: string }[] } = {
    manifests: [],
    problems: [],
  };
  const store = {
    switchesOf: () => files.manifests,
    problems: () => files.problems,
    targetedServices: () => ["shop/web"],
  } as unknown as ObjectStore;
  const own = { site: "west", gateway: name };
  const clock = { now: () => NOW, after: () => () => {} };
  const knowledge = new PeerKnowledge(own, { clock, log: SILENT, sitesOf: () => ["west", "east"] });
  if (known !== undefined) knowledge.takeSwitch(known);
  const orders: SwitchRecord[] = [];
  const reader = new SwitchManifests({ store, knowledge, clock, own }, (record) => orders.push(record));
  return { files, orders, read: () => reader.read(["shop/web"]), readAll: () => reader.readAll() };
}

const SILENT = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const OVER = { ...ORDERED, at: NOW, over: true };

test("a manifest that says something else is ordered anew, though its time is the same", () => {
  const { files, orders, read } = gateway("west-1");
  files.manifests = [EAST];
  read();
  files.manifests = [{ ...EAST, spec: { ...EAST.spec, to: "west" } }];
  read();
  read();
  expect(orders).toEqual([ORDERED, { ...ORDERED, to: "west", at: NOW }]);
});

describe("a manifest that is gone", () => {
  test("ends its order at a gateway that has seen it", () => {
    const { files, orders, read } = gateway("west-2", ORDERED);
    files.manifests = [EAST];
    read();
    files.manifests = [];
    files.problems = [{ message: "another file is bad", remedy: "" }];
    read();
    read();
    expect(orders).toEqual([OVER]);
  });

  test("ends nothing at a sibling that never had it", () => {
    const { orders, read, readAll } = gateway("west-2", ORDERED);
    readAll();
    read();
    expect(orders).toEqual([]);
  });

  test("ends its order when it went while the gateway that had read it was down", () => {
    const { orders, readAll } = gateway("west-1", ORDERED);
    readAll();
    expect(orders).toEqual([OVER]);
  });

  test("may only be in a file that cannot be read: then the order stays until that is clear", () => {
    const { files, orders, read, readAll } = gateway("west-1", ORDERED);
    files.problems = [{ message: "line 3 is not YAML", remedy: "" }];
    readAll();
    expect(orders).toEqual([]);
    files.problems = [];
    read();
    expect(orders).toEqual([OVER]);
  });

  test.each([
    ["by command", commanded("2026-05-01T11:30:00Z")],
    ["by another site's manifest", { ...ORDERED, origin: "east" }],
    ["and is over", { ...ORDERED, over: true }],
  ])("ends no order that was given %s", (_how, known) => {
    const { files, orders, read } = gateway("west-1", known);
    files.manifests = [];
    read();
    expect(orders).toEqual([]);
  });
});
