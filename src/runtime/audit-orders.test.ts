import { describe, expect, test } from "vitest";
import type { SwitchRecord } from "../model/catalog.ts";
import { formatProblem } from "../model/problem.ts";
import { objectsOf, switchText } from "../../test/view/object-set.ts";
import { auditOrders } from "./audit-orders.ts";

const NOW = Date.parse("2026-05-01T12:00:00Z");
const ORDERED = Date.parse("2026-05-01T11:00:00Z");
const OWN: SwitchRecord = {
  service: "shop/web",
  to: "east",
  reason: "",
  at: ORDERED,
  origin: "west",
  over: false,
  manifest: "shop/away",
};
const MANIFEST = switchText("away", "east", { metadata: ', creationTimestamp: "2026-05-01T11:00:00Z"' });
const REMEDY = "Remove it; to order it again, save it anew, with a later creationTimestamp if it has one";

function problemsOf(latest: SwitchRecord | undefined, manifest = MANIFEST): readonly string[] {
  const knowledge = { latestSwitch: () => latest };
  return auditOrders(objectsOf({ "away.yaml": manifest }), knowledge, { site: "west", now: NOW }).map(formatProblem);
}

describe("manifests that no longer count", () => {
  test("one that is in force, or about to be, is no problem", () => {
    expect(problemsOf(OWN)).toEqual([]);
    expect(problemsOf(undefined)).toEqual([]);
    expect(problemsOf({ ...OWN, manifest: "shop/older", at: ORDERED - 1 })).toEqual([]);
  });

  test.each([
    [
      "a newer order by command",
      { ...OWN, manifest: undefined, origin: "east", to: "west", at: ORDERED + 1_000 },
      "the newer order to west counts, given by command at east, 2026-05-01T11:00:01.000Z",
    ],
    [
      "a newer manifest",
      { ...OWN, manifest: "shop/back", to: "west", at: ORDERED + 1_000 },
      "the newer order to west counts, given by manifest shop/back of west, 2026-05-01T11:00:01.000Z",
    ],
    [
      "an end by command",
      { ...OWN, manifest: undefined, over: true, at: ORDERED + 1_000 },
      "the switch of shop/web was ended by command at west, 2026-05-01T11:00:01.000Z",
    ],
    [
      "the end of a manifest",
      { ...OWN, over: true, at: ORDERED + 1_000 },
      "the switch of shop/web was ended with manifest shop/away of west, 2026-05-01T11:00:01.000Z",
    ],
  ])("%s is named with its time", (_name, latest, message) => {
    expect(problemsOf(latest)).toEqual([`away.yaml:1: Switch shop/away no longer counts: ${message}. ${REMEDY}`]);
  });

  test("one that is over by itself is not called overridden", () => {
    const over = switchText("away", "east", {
      metadata: ', creationTimestamp: "2026-05-01T11:00:00Z"',
      spec: ', until: "2026-05-01T11:30:00Z"',
    });
    expect(problemsOf({ ...OWN, manifest: undefined, at: ORDERED + 1_000 }, over)).toEqual([]);
  });
});
