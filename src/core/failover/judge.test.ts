import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { CheckState, EndpointHealth, ServiceView } from "../../model/service-view.ts";
import { eastGateway, localEndpoint, serviceView, withHealth } from "../../../test/view/service-view.ts";
import { judge } from "./judge.ts";

const PASSING: EndpointHealth = { out: "passing", in: "passing", ejected: false };
const FAILING: EndpointHealth = { out: "failing", in: "failing", ejected: false };

/** A view in which west served until now and every check was passed before. */
function settled(changes: Partial<ServiceView> = {}): ServiceView {
  const first = judge(withHealth(serviceView(), { local: PASSING, east: PASSING }));
  return withHealth(serviceView({ memory: first.memory, ...changes }), { local: PASSING, east: PASSING });
}

describe("judge", () => {
  test("home serves while it is well", () => {
    const verdict = judge(settled());
    expect(verdict.servingSite).toBe("west");
    expect(verdict.failover).toBeUndefined();
    expect(verdict.sites).toEqual([
      { site: "west", usable: 3, total: 3, standby: false },
      { site: "east", usable: 2, total: 2, standby: false },
    ]);
  });

  test("fails over when every local check fails, and says why and how fast", () => {
    const verdict = judge(
      withHealth(settled({ now: 1_000_400, firstTroubleAt: 1_000_100 }), { local: FAILING, east: PASSING }),
    );
    expect(verdict.servingSite).toBe("east");
    expect(verdict.failover).toEqual({
      at: 1_000_400,
      from: "west",
      to: "east",
      trigger: "CheckFailed",
      detectionMs: 300,
    });
    expect(verdict.memory.holds).toEqual({ west: { since: 1_000_400, trigger: "CheckFailed" } });
  });

  test("fails over when outlier detection has ejected every local endpoint although checks pass", () => {
    const verdict = judge(withHealth(settled(), { local: { ...PASSING, ejected: true }, east: PASSING }));
    expect(verdict.failover?.trigger).toBe("Outlier");
  });

  test("fails over when no local endpoint is ready", () => {
    const verdict = judge(settled({ local: [localEndpoint(1, { ready: false })] }));
    expect(verdict.failover).toMatchObject({ to: "east", trigger: "NotReady" });
  });

  test("stays while one local endpoint is good", () => {
    const view = settled();
    const health = new Map(view.health).set("10.0.1.1:8080", FAILING).set("10.0.1.2:8080", FAILING);
    expect(judge({ ...view, health }).servingSite).toBe("west");
  });

  test("a site that is good again waits for the hold-down, and no longer", () => {
    const failed = judge(withHealth(settled({ now: 2_000_000 }), { local: FAILING, east: PASSING }));
    const good = judge(settled({ now: 2_010_000, memory: failed.memory }));
    expect(good.servingSite).toBe("east");
    expect(good.nextLookAt).toBe(2_040_000);
    const justBefore = judge(settled({ now: 2_039_999, memory: good.memory }));
    expect(justBefore.servingSite).toBe("east");
    const after = judge(settled({ now: 2_040_000, memory: justBefore.memory }));
    expect(after.failover).toMatchObject({ from: "east", to: "west", trigger: "Failback" });
    expect(after.memory.holds).toEqual({});
  });

  test("a hold-down begins anew when the site fails again", () => {
    const failed = judge(withHealth(settled({ now: 2_000_000 }), { local: FAILING, east: PASSING }));
    const good = judge(settled({ now: 2_010_000, memory: failed.memory }));
    const bad = judge(withHealth(settled({ now: 2_020_000, memory: good.memory }), { local: FAILING, east: PASSING }));
    const goodAgain = judge(settled({ now: 2_030_000, memory: bad.memory }));
    expect(goodAgain.nextLookAt).toBe(2_060_000);
  });

  test("a held site serves at once when the other one fails, and is held no longer", () => {
    const failed = judge(withHealth(settled({ now: 2_000_000 }), { local: FAILING, east: PASSING }));
    const eastFails = judge(
      withHealth(settled({ now: 2_001_000, memory: failed.memory }), { local: PASSING, east: FAILING }),
    );
    expect(eastFails.servingSite).toBe("west");
    expect(eastFails.memory.holds["west"]).toBeUndefined();
  });

  test("what a sibling gateway holds is held here too", () => {
    expect(judge(settled({ siblingHolds: new Map([["west", "Outlier"]]) }))).toMatchObject({
      servingSite: "east",
      failover: { to: "east", trigger: "Outlier" },
    });
  });

  test("a check that has never passed cannot cause a failover", () => {
    const verdict = judge(withHealth(serviceView(), { local: FAILING, east: PASSING }));
    expect(verdict.servingSite).toBe("west");
    expect(verdict.checkUnknown).toBe(true);
  });

  test("one that has never passed and fails in every site is suspect, too", () => {
    const first = judge(withHealth(serviceView(), { local: FAILING, east: FAILING }));
    const after = (first.nextLookAt ?? 0) - serviceView().now;
    const view = serviceView({ now: serviceView().now + after, memory: first.memory });
    expect(judge(withHealth(view, { local: FAILING, east: FAILING }))).toMatchObject({
      servingSite: "west",
      checkUnknown: true,
      checkSuspect: true,
    });
  });

  test("a check that goes on failing in every site while endpoints are ready is not believed", () => {
    const first = judge(withHealth(settled({ now: 2_000_000 }), { local: FAILING, east: FAILING }));
    expect(first.checkSuspect).toBe(false);
    expect(first.servingSite).toBe("west");
    expect(first.nextLookAt).toBe(2_003_000);
    const verdict = judge(
      withHealth(settled({ now: 2_003_000, memory: first.memory }), { local: FAILING, east: FAILING }),
    );
    expect(verdict.checkSuspect).toBe(true);
    expect(verdict.servingSite).toBe("west");
    expect(verdict.sites[0]?.usable).toBe(3);
    expect(verdict.nextLookAt).toBeUndefined();
  });

  test.each([
    ["fail", FAILING],
    ["have not been asked yet", { ...FAILING, out: "unknown" as const }],
  ])("while the peers' checks %s for a moment, a site that is down stays so", (_what, east) => {
    const failed = judge(withHealth(settled({ now: 2_000_000 }), { local: FAILING, east: PASSING }));
    const moment = judge(withHealth(settled({ now: 2_010_000, memory: failed.memory }), { local: FAILING, east }));
    expect(moment.checkSuspect).toBe(false);
    expect(moment.servingSite).toBe("east");
    expect(moment.memory.holds).toEqual({ west: { since: 2_000_000, trigger: "CheckFailed" } });
    const over = judge(
      withHealth(settled({ now: 2_010_250, memory: moment.memory }), { local: FAILING, east: PASSING }),
    );
    expect(over.failover).toBeUndefined();
    expect(over.memory).toEqual(failed.memory);
  });

  test("peers that are only ejected do not make the local check suspect, and the failed site stays held", () => {
    const failed = judge(withHealth(settled({ now: 2_000_000 }), { local: FAILING, east: PASSING }));
    const ejected = { ...PASSING, ejected: true };
    const view = withHealth(settled({ now: 2_000_500, memory: failed.memory }), { local: FAILING, east: ejected });
    const verdict = judge(view);
    expect(verdict.checkSuspect).toBe(false);
    expect(verdict.servingSite).toBe("east");
    expect(verdict.memory.holds).toEqual({ west: { since: 2_000_000, trigger: "CheckFailed" } });
  });

  test("a suspect check is believed again as soon as another site is well", () => {
    const first = judge(withHealth(settled({ now: 2_000_000 }), { local: FAILING, east: FAILING }));
    const suspect = judge(
      withHealth(settled({ now: 2_003_000, memory: first.memory }), { local: FAILING, east: FAILING }),
    );
    expect(suspect.checkSuspect).toBe(true);
    const verdict = judge(
      withHealth(settled({ now: 2_004_000, memory: suspect.memory }), { local: FAILING, east: PASSING }),
    );
    expect(verdict.checkSuspect).toBe(false);
    expect(verdict.servingSite).toBe("east");
  });

  test("a switch moves a healthy service, and its end moves it back", () => {
    const switched = judge(settled({ activeSwitch: { to: "east", reason: "maintenance", origin: "west" } }));
    expect(switched.failover).toMatchObject({ to: "east", trigger: "Switch" });
    // As after a restart, before the peer's gateways have been asked.
    const unknown: EndpointHealth = { out: "unknown", in: "unknown", ejected: false };
    const ended = judge(withHealth(settled({ memory: switched.memory }), { local: PASSING, east: unknown }));
    expect(ended.failover).toMatchObject({ to: "west", trigger: "Switch" });
    expect(judge(settled({ memory: switched.memory })).servingSite).toBe("west");
  });

  test("a switch to a site that cannot serve leaves the next one serving", () => {
    const view = withHealth(settled({ activeSwitch: { to: "east", reason: "", origin: "west" } }), {
      local: PASSING,
      east: FAILING,
    });
    expect(judge(view).servingSite).toBe("west");
  });

  test("listed order makes the first site of the list the home, wherever the gateway is", () => {
    const view = settled({ memory: { holds: {} } });
    const listed = {
      ...view,
      policy: { ...view.policy, prefer: "Listed" as const, sites: [{ name: "east" }, { name: "west" }] },
    };
    expect(judge(listed).servingSite).toBe("east");
  });

  test("with nothing healthy anywhere the local endpoints are tried", () => {
    const view = withHealth(settled({ local: [localEndpoint(1, { ready: false })] }), {
      local: FAILING,
      east: FAILING,
    });
    const verdict = judge(view);
    expect(verdict.nothingUsable).toBe(true);
    expect(verdict.servingSite).toBe("west");
  });

  test("a service that is slower than its time per try everywhere gets more, once its checks had time to fail", () => {
    const slow = { ...PASSING, ejected: true };
    const first = judge(withHealth(settled({ now: 3_000_000 }), { local: slow, east: slow }));
    expect(first.memory.hedgingRestsUntil).toBeUndefined();
    expect(first.nextLookAt).toBe(3_002_500);
    const later = judge(withHealth(settled({ now: 3_002_500, memory: first.memory }), { local: slow, east: slow }));
    expect(later.memory.hedgingRestsUntil).toBe(3_032_500);
    expect(judge(settled({ now: 3_032_500, memory: later.memory })).memory.hedgingRestsUntil).toBeUndefined();
  });

  test("a service that hangs everywhere does not: its checks fail", () => {
    const slow = { ...PASSING, ejected: true };
    const first = judge(withHealth(settled({ now: 3_000_000 }), { local: slow, east: slow }));
    const hung = { ...FAILING, ejected: true };
    const later = judge(withHealth(settled({ now: 3_002_500, memory: first.memory }), { local: hung, east: slow }));
    expect(later.memory.hedgingRestsUntil).toBeUndefined();
  });

  test("a draining gateway of a peer counts for nothing", () => {
    const peers = [
      {
        name: "east",
        offers: true,
        gateways: [eastGateway(1, { draining: true }), eastGateway(2, { draining: true })],
      },
    ];
    const verdict = judge(withHealth(settled({ peers }), { local: FAILING, east: PASSING }));
    expect(verdict.servingSite).toBe("west");
  });
});

describe("judge, whatever the health", () => {
  const state = fc.constantFrom<CheckState>("unknown", "passing", "failing");
  const health = fc.record({ out: state, in: state, ejected: fc.boolean() });
  const anyView = fc.record({
    healths: fc.array(health, { minLength: 5, maxLength: 5 }),
    ready: fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }),
    later: fc.nat(100_000),
  });

  test("deciding again with what was remembered changes nothing", () => {
    fc.assert(
      fc.property(anyView, ({ healths, ready, later }) => {
        const view = viewOf(healths, ready, later);
        const once = judge(view);
        const twice = judge({ ...view, memory: once.memory });
        expect(twice.servingSite).toBe(once.servingSite);
        expect(twice.failover).toBeUndefined();
        expect(judge({ ...view, memory: twice.memory }).memory).toEqual(twice.memory);
      }),
    );
  });

  test("a site that serves has something usable, if any site has", () => {
    fc.assert(
      fc.property(anyView, ({ healths, ready, later }) => {
        const { sites, servingSite } = judge(viewOf(healths, ready, later));
        if (sites.every((site) => site.usable === 0)) return;
        expect(sites.find((site) => site.site === servingSite)?.usable).toBeGreaterThan(0);
      }),
    );
  });

  function viewOf(healths: readonly EndpointHealth[], ready: readonly boolean[], later: number): ServiceView {
    const view = settled({
      now: 1_000_000 + later,
      local: ready.map((isReady, index) => localEndpoint(index + 1, { ready: isReady })),
    });
    return { ...view, health: new Map([...view.health.keys()].map((key, index) => [key, healths[index] ?? PASSING])) };
  }
});
