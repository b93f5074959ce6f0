/**
 * An audit as Markdown, for comments on pull requests.
 * @module
 */
import type { AuditResult, Finding } from "../../../../core/audit/audit.ts";
import { SEVERITIES } from "../../../../core/audit/severity.ts";

/** The page, a section for each severity. */
export function auditMarkdown({ findings, workloads, rules, exempted, assumptions }: AuditResult): string {
  const fresh = findings.filter(({ isKnown }) => !isKnown);
  const sections = SEVERITIES.flatMap((severity) => {
    const all = fresh.filter((one) => one.severity === severity);
    return all.length === 0
      ? []
      : [
          "",
          `## ${severity} (${all.length})`,
          "",
          "| Rule | Object | What | Where |",
          "| --- | --- | --- | --- |",
          ...all.map(row),
        ];
  });
  return [
    "# High-availability audit",
    "",
    `${workloads} workloads, ${rules} rules: ${fresh.length} findings, ${findings.length - fresh.length} known, ${exempted.length} exempted.`,
    ...sections,
    "",
    ...assumptions.map((text) => `- ${cell(text)}`),
  ].join("\n");
}

function row({ rule, object, message, proof, evidence: [first] }: Finding): string {
  const name = [object.kind, object.namespace, object.name].filter((part) => part !== "").join("/");
  const place = first?.file === undefined ? (first?.field ?? "") : `${first.file}:${first.line ?? ""}`;
  return `| ${[rule, name, proof === undefined ? message : `${message} (${proof})`, place].map(cell).join(" | ")} |`;
}

function cell(text: string): string {
  return text.replace(/[\\|`*_[\]<>]/g, "\\$&").replace(/\s+/g, " ");
}
