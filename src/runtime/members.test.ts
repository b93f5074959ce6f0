import { expect, test } from "vitest";
import type { SiteRecord } from "../model/catalog.ts";
import { Members } from "./members.ts";

const EAST: SiteRecord = { name: "east", gateways: [], trustBundle: "A", labels: {}, accepted: true, at: 1 };

test("of two records of a site the newer counts", () => {
  const members = new Members();
  expect([members.take(EAST), members.take({ ...EAST, at: 3 }), members.take({ ...EAST, at: 2 })]).toEqual([
    true,
    true,
    false,
  ]);
  expect(members.get("east")?.at).toBe(3);
});

test("a name never changes its authority", () => {
  const members = new Members();
  members.take(EAST);
  expect(members.take({ ...EAST, trustBundle: "B", at: 2 })).toBe(false);
  expect(members.get("east")).toEqual(EAST);
});
