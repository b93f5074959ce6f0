import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { auditYaml } from "../../../../test/audit/audit-yaml.ts";
import { AUDIT_RULES } from "./index.ts";

const GOLDEN = join(import.meta.dirname, "../../../../test/golden/audit");

describe.each(AUDIT_RULES.map((rule) => [rule.id, rule] as const))("%s", (id, rule) => {
  test("its bad example is reported as the golden file has it", async () => {
    const { findings } = auditYaml(rule.page.bad, { rules: [rule] });
    expect(findings).not.toEqual([]);
    await expect(`${JSON.stringify(findings, undefined, 2)}\n`).toMatchFileSnapshot(join(GOLDEN, `${id}.json`));
  });

  test("its good example is not reported", () => {
    expect(auditYaml(rule.page.good, { rules: [rule] }).findings).toEqual([]);
  });

  test("says in a sentence what breaks, and has the name of its page", () => {
    expect(id).toMatch(/^[a-z]+(-[a-z]+)+$/);
    expect(rule.breaks).toMatch(/^[A-Z].*\.$/);
    expect(rule.title).not.toMatch(/\.$/);
  });
});

test("ids are unique", () => {
  expect(new Set(AUDIT_RULES.map(({ id }) => id)).size).toBe(AUDIT_RULES.length);
});
