/**
 * An audit as JUnit XML, which CI systems show as tests: a suite for each rule, a case for each finding.
 * @module
 */
import type { AuditResult, Finding } from "../../../../core/audit/audit.ts";
import type { AuditRule } from "../../../../core/audit/rule.ts";
import { escapeMarkup } from "./markup.ts";

/** The document. Rules without a finding have one case, which passes. */
export function junitXml(result: AuditResult, rules: readonly AuditRule[]): string {
  const fresh = result.findings.filter(({ isKnown }) => !isKnown);
  const byRule = Map.groupBy(fresh, ({ rule }) => rule);
  const suites = rules.map((rule) => suite(rule, byRule.get(rule.id) ?? []));
  const tests = rules.reduce((sum, { id }) => sum + Math.max(1, byRule.get(id)?.length ?? 0), 0);
  return `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="tandem audit" tests="${tests}" failures="${fresh.length}" errors="0" time="0">
${suites.join("\n")}
</testsuites>`;
}

function suite({ id, title }: AuditRule, findings: readonly Finding[]): string {
  const cases =
    findings.length === 0
      ? [`    <testcase classname="${id}" name="${escapeMarkup(title)}" time="0"/>`]
      : findings.map(testcase);
  return `  <testsuite name="${id}" tests="${cases.length}" failures="${findings.length}" errors="0" skipped="0" time="0">
${cases.join("\n")}
  </testsuite>`;
}

function testcase({ rule, severity, object, message, breaks, proof, evidence }: Finding): string {
  const name = [object.kind, object.namespace, object.name].filter((part) => part !== "").join("/");
  const lines = evidence.map(({ field, value, file, line }) =>
    [file === undefined ? "" : `${file}:${line ?? 1}: `, field, value === undefined ? " is absent" : `: ${value}`].join(
      "",
    ),
  );
  const text = [breaks, ...(proof === undefined ? [] : [proof]), ...lines].join("\n");
  return `    <testcase classname="${rule}" name="${escapeMarkup(name)}" time="0">
      <failure type="${severity}" message="${escapeMarkup(message)}">${escapeMarkup(text)}</failure>
    </testcase>`;
}
