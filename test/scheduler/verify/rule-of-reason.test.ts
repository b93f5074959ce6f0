import { expect, test } from "vitest";
import { generateCase } from "../generate/generate-case.ts";
import { predict } from "../predict.ts";
import { decidingRule, RULE_NAMES, ruleOf } from "./rule-of-reason.ts";

test("each reason that the model gives belongs to one of its rules", () => {
  const reasons = new Set<string>();
  for (let seed = 1; seed <= 1_500; seed += 1)
    for (const { reasons: counts, refusal } of predict(generateCase(seed))) {
      for (const reason of Object.keys(counts)) reasons.add(reason);
      if (refusal !== undefined) reasons.add(refusal);
    }
  const rules = new Set([...reasons].map(ruleOf));
  expect([...reasons].filter((reason) => !RULE_NAMES.includes(ruleOf(reason)))).toEqual([]);
  expect(RULE_NAMES.filter((rule) => !rules.has(rule))).toEqual(["NodeName"]);
});

test("a rule decides alone where every reason is one of its own", () => {
  const answer = { pod: "a/p", feasible: [], best: [] };
  expect(decidingRule({ ...answer, reasons: { "Insufficient cpu": 1, "Too many pods": 2 } })).toBe("NodeResourcesFit");
  expect(decidingRule({ ...answer, reasons: { "Insufficient cpu": 1, "node(s) were unschedulable": 2 } })).toBe(
    undefined,
  );
  expect(decidingRule({ ...answer, reasons: {} })).toBe(undefined);
  expect(decidingRule({ ...answer, reasons: {}, refusal: 'persistentvolume "v" not found' })).toBe("VolumeZone");
});
