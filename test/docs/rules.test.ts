import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ruleIndex, rulePage } from "../../src/core/audit/rule-page.ts";
import { AUDIT_RULES } from "../../src/core/audit/rules/index.ts";

const FOLDER = join(import.meta.dirname, "../../docs/rules");

test("docs/rules has one page for each rule of the audit, and says what the rule says (node tools/rule-pages.mjs)", () => {
  const pages = Object.fromEntries(readdirSync(FOLDER).map((name) => [name, readFileSync(join(FOLDER, name), "utf8")]));
  expect(pages).toEqual({
    "README.md": ruleIndex(AUDIT_RULES),
    ...Object.fromEntries(AUDIT_RULES.map((rule) => [`${rule.id}.md`, rulePage(rule)])),
  });
});
