import { describe, expect, test } from "vitest";
import type { SwitchRecord } from "../model/catalog.ts";
import { Switch } from "../model/kinds/index.ts";
import { orderOf } from "./switch-manifests.ts";

const NOW = Date.parse("2026-05-01T12:00:00Z");
const OF = { service: "shop/web", site: "west", now: NOW } as const;

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

  test("a manifest that is gone ends its own order, and nobody else's", () => {
    expect(orderOf([], ORDERED, OF)).toEqual({ ...ORDERED, at: NOW, over: true });
    expect(orderOf([], { ...ORDERED, over: true }, OF)).toBeUndefined();
    expect(orderOf([], { ...ORDERED, origin: "east" }, OF)).toBeUndefined();
    expect(orderOf([], commanded("2026-05-01T11:30:00Z"), OF)).toBeUndefined();
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
