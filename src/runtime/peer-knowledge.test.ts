import { describe, expect, test } from "vitest";
import type { CatalogEntry, SwitchRecord } from "../model/catalog.ts";
import type { ServiceKey } from "../model/service-key.ts";
import { PeerKnowledge } from "./peer-knowledge.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const ENTRY: CatalogEntry = { ports: [], policyHash: "x" };
const NOTHING = { services: new Set(), everything: false };

/** What the policies here list, the time, and what was logged. */
class World {
  now = 10 * DAY_MS;
  readonly listed = new Map<ServiceKey, readonly string[]>([["shop/web", ["west", "east"]]]);
  readonly logged: string[] = [];
  readonly knowledge: PeerKnowledge;

  constructor() {
    const record = (event: string): void => void this.logged.push(event);
    this.knowledge = new PeerKnowledge(
      { site: "west", gateway: "west-1" },
      {
        clock: { now: () => this.now, after: () => () => {} },
        log: { info: record, warn: record, error: record },
        sitesOf: (service) => this.listed.get(service) ?? [],
      },
    );
  }

  /** A switch ordered in east now, but for `given`. */
  switchTo(to: string, given: Partial<SwitchRecord> = {}): SwitchRecord {
    return { service: "shop/web", to, reason: "", at: this.now, origin: "east", over: false, ...given };
  }

  /** A stream on which a gateway says that these services are offered, and that this is all. */
  says(gateway: string, services: readonly ServiceKey[]): ReturnType<PeerKnowledge["take"]> {
    this.knowledge.connected("east", gateway);
    for (const service of services) this.offer(gateway, service);
    return this.knowledge.take("east", gateway, { type: "synced" });
  }

  offer(gateway: string, service: ServiceKey, entry: CatalogEntry | null = ENTRY): ReturnType<PeerKnowledge["take"]> {
    return this.knowledge.take("east", gateway, { type: "service", service, entry });
  }

  hearSwitch(site: string, record: SwitchRecord): ReturnType<PeerKnowledge["take"]> {
    return this.knowledge.take(site, `${site}-1`, { type: "switch", switch: record });
  }
}

test("a gateway that drained and came back is looked at again", () => {
  const known = new World().knowledge;
  known.connected("east", "east-1");
  expect(known.take("east", "east-1", { type: "draining", draining: true }).everything).toBe(true);
  known.disconnected("east", "east-1");
  expect(known.draining("east", "east-1")).toBe(true);
  known.connected("east", "east-1");
  expect(known.draining("east", "east-1")).toBe(true);
  expect(known.take("east", "east-1", { type: "draining", draining: false }).everything).toBe(true);
  expect(known.draining("east", "east-1")).toBe(false);
});

test("a gateway that says once more what is known changes nothing", () => {
  const known = new World().knowledge;
  known.connected("east", "east-1");
  expect(known.take("east", "east-1", { type: "draining", draining: false })).toEqual(NOTHING);
});

describe("what a site offers", () => {
  test("is unknown until everything has been said once, and then has everything looked at", () => {
    const world = new World();
    world.knowledge.connected("east", "east-1");
    expect(world.offer("east-1", "shop/web")).toEqual(NOTHING);
    expect(world.knowledge.offers("east", "shop/web")).toBeUndefined();
    expect(world.knowledge.take("east", "east-1", { type: "synced" }).everything).toBe(true);
    expect(world.knowledge.offers("east", "shop/web")).toBe(true);
    expect(world.knowledge.offers("east", "shop/other")).toBe(false);
  });

  test("changes with each message after that", () => {
    const world = new World();
    world.says("east-1", []);
    const changed = { services: new Set(["shop/web"]), everything: false };
    expect(world.offer("east-1", "shop/web")).toEqual(changed);
    expect(world.offer("east-1", "shop/web")).toEqual(NOTHING);
    expect(world.offer("east-1", "shop/web", null)).toEqual(changed);
    expect(world.knowledge.offers("east", "shop/web")).toBe(false);
  });

  test("stays known while the connection is away and until everything has been said again", () => {
    const world = new World();
    world.says("east-1", ["shop/web"]);
    world.knowledge.disconnected("east", "east-1");
    expect(world.knowledge.offers("east", "shop/web")).toBe(true);
    world.knowledge.connected("east", "east-1");
    expect(world.knowledge.offers("east", "shop/web")).toBe(true);
    expect(world.knowledge.entry("east", "shop/web")).toEqual(ENTRY);
  });

  test("does not include what went while the connection was away", () => {
    const world = new World();
    world.says("east-1", ["shop/web", "shop/gone"]);
    world.knowledge.disconnected("east", "east-1");
    expect(world.says("east-1", ["shop/web", "shop/new"])).toEqual({
      services: new Set(["shop/gone", "shop/new"]),
      everything: false,
    });
    const offered = (["shop/web", "shop/gone", "shop/new"] as const).map((service) =>
      world.knowledge.offers("east", service),
    );
    expect(offered).toEqual([true, false, true]);
    expect(world.knowledge.entry("east", "shop/gone")).toBeUndefined();
  });

  test("is not what a gateway said that has left", () => {
    const world = new World();
    world.says("east-1", []);
    world.says("east-2", ["shop/web"]);
    world.knowledge.forget("east", "east-2");
    expect(world.knowledge.offers("east", "shop/web")).toBe(false);
    expect(world.knowledge.entry("east", "shop/web")).toBeUndefined();
    expect(world.knowledge.disconnected("east", "east-2")).toEqual(NOTHING);
  });

  test("ends at so many services that no site has them, and the log says so once", () => {
    const world = new World();
    world.says(
      "east-1",
      Array.from({ length: 20_010 }, (_, index): ServiceKey => `shop/web-${index}`),
    );
    expect(world.knowledge.offers("east", "shop/web-19999")).toBe(true);
    expect(world.knowledge.offers("east", "shop/web-20000")).toBe(false);
    expect(world.logged).toEqual(["catalog_too_large"]);
  });
});

describe("a switch that a peer tells of", () => {
  test("counts when the policy here lists the peer", () => {
    const world = new World();
    world.says("east-1", []);
    expect(world.hearSwitch("east", world.switchTo("east")).services).toEqual(new Set(["shop/web"]));
    expect(world.knowledge.switchOf("shop/web", world.now)?.to).toBe("east");
  });

  test.each([
    ["the policy here does not list the peer", ["west", "north"]],
    ["there is no policy here", undefined],
  ])("does not count when %s, until that changes", (_name, sites) => {
    const world = new World();
    if (sites === undefined) world.listed.delete("shop/web");
    else world.listed.set("shop/web", sites);
    world.says("east-1", []);
    expect(world.hearSwitch("east", world.switchTo("east"))).toEqual(NOTHING);
    expect(world.knowledge.policiesChanged(["shop/web"])).toBe(false);
    expect(world.knowledge.switches()).toEqual([]);
    world.listed.set("shop/web", ["west", "east"]);
    expect(world.knowledge.policiesChanged(["shop/web"])).toBe(true);
    expect(world.knowledge.switchOf("shop/web", world.now)?.to).toBe("east");
    expect(world.knowledge.policiesChanged(["shop/web"])).toBe(false);
  });

  test("is refused and logged once when its date is far in the future", () => {
    const world = new World();
    world.says("east-1", []);
    for (const at of [world.now + 5 * MINUTE_MS + 1, Number.MAX_VALUE])
      expect(world.hearSwitch("east", world.switchTo("east", { at }))).toEqual(NOTHING);
    expect(world.logged).toEqual(["switch_refused"]);
    const slightlyAhead = world.switchTo("east", { at: world.now + 5 * MINUTE_MS });
    expect(world.hearSwitch("east", slightlyAhead).services.size).toBe(1);
  });

  test("can be ended here although the clock there is ahead", () => {
    const world = new World();
    world.says("east-1", []);
    world.hearSwitch("east", world.switchTo("east", { at: world.now + MINUTE_MS, origin: "zone" }));
    const ended = world.knowledge.orderSwitch(world.switchTo("west", { origin: "west", over: true }));
    expect(ended.at).toBe(world.now + MINUTE_MS + 1);
    expect(world.knowledge.switchOf("shop/web", world.now)).toBeUndefined();
  });
});

test("a sibling's switch counts whatever the policy here lists", () => {
  const world = new World();
  world.listed.clear();
  world.knowledge.connected("west", "west-1");
  expect(world.hearSwitch("west", world.switchTo("east")).services.size).toBe(1);
});

describe("a switch that is over", () => {
  test.each([
    ["by its tombstone", { over: true }, 0],
    ["by its time", { until: 10 * DAY_MS + MINUTE_MS }, MINUTE_MS],
  ])("%s is known for a day, and then neither kept nor taken again", (_name, given, endsAfterMs) => {
    const world = new World();
    const record = world.switchTo("east", given);
    world.knowledge.takeSwitch(record);
    world.now += endsAfterMs + DAY_MS - 1;
    expect(world.knowledge.switches()).toEqual([record]);
    world.now += 1;
    expect(world.knowledge.switches()).toEqual([]);
    expect(world.knowledge.takeSwitch(record)).toBe(false);
  });

  test("ends one that is still known here, however long ago that was", () => {
    const world = new World();
    world.knowledge.takeSwitch(world.switchTo("east"));
    world.now += 2 * DAY_MS;
    expect(world.knowledge.takeSwitch(world.switchTo("east", { over: true, at: world.now - DAY_MS }))).toBe(true);
    expect(world.knowledge.switchOf("shop/web", world.now)).toBeUndefined();
  });

  test("is not forgotten while it has no end", () => {
    const world = new World();
    world.knowledge.takeSwitch(world.switchTo("east"));
    world.now += 100 * DAY_MS;
    expect(world.knowledge.switchOf("shop/web", world.now)?.to).toBe("east");
    expect(world.knowledge.switches()).toHaveLength(1);
  });
});
