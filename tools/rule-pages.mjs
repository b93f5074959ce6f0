/**
 * Writes `docs/rules/*.md` from the rules of the audit.
 *
 * Usage: `node tools/rule-pages.mjs`
 * @module
 */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { ruleIndex, rulePage } from "../src/core/audit/rule-page.ts";
import { AUDIT_RULES } from "../src/core/audit/rules/index.ts";

const folder = join(dirname(dirname(fileURLToPath(import.meta.url))), "docs/rules");
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
writeFileSync(join(folder, "README.md"), ruleIndex(AUDIT_RULES));
for (const rule of AUDIT_RULES) writeFileSync(join(folder, `${rule.id}.md`), rulePage(rule));
