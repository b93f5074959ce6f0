/**
 * An audit as SARIF 2.1.0. https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
 * @module
 */
import type { AuditResult, Evidence, Finding } from "../../../../core/audit/audit.ts";
import type { AuditRule } from "../../../../core/audit/rule.ts";
import type { Severity } from "../../../../core/audit/severity.ts";

/** Levels that SARIF has, and the number by which code scanning sorts security findings. */
const LEVELS: Readonly<Record<Severity, { readonly level: "error" | "warning" | "note"; readonly rank: number }>> = {
  critical: { level: "error", rank: 100 },
  high: { level: "error", rank: 75 },
  medium: { level: "warning", rank: 50 },
  low: { level: "note", rank: 25 },
  info: { level: "note", rank: 0 },
};

/** The log. Findings of the baseline are `unchanged`. */
export function sarifLog(result: AuditResult, rules: readonly AuditRule[], version: string): object {
  return {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: {
          driver: {
            name: "tandem audit",
            semanticVersion: version,
            rules: rules.map(({ id, title, breaks, severity, page }) => ({
              id,
              shortDescription: { text: title },
              fullDescription: { text: breaks },
              help: { text: page.text },
              defaultConfiguration: { level: LEVELS[severity].level, rank: LEVELS[severity].rank },
            })),
          },
        },
        results: result.findings.map((finding) => sarifResult(finding, rules)),
      },
    ],
  };
}

function sarifResult(finding: Finding, rules: readonly AuditRule[]): object {
  const { rule, severity, message, breaks, proof, evidence, fingerprint, isKnown } = finding;
  return {
    ruleId: rule,
    ruleIndex: rules.findIndex(({ id }) => id === rule),
    level: LEVELS[severity].level,
    rank: LEVELS[severity].rank,
    message: { text: `${message}. ${breaks}${proof === undefined ? "" : ` (${proof})`}` },
    locations: evidence.slice(0, 1).map(location),
    relatedLocations: evidence.slice(1).map(location),
    partialFingerprints: { "tandemAudit/v1": fingerprint },
    baselineState: isKnown ? "unchanged" : "new",
    properties: { severity },
  };
}

function location({ object, field, file, line }: Evidence): object {
  const name = [object.kind, object.namespace, object.name].filter((part) => part !== "").join("/");
  return {
    ...(file === undefined
      ? {}
      : {
          physicalLocation: {
            artifactLocation: { uri: encodeURI(file).replace(/[#?]/g, encodeURIComponent) },
            ...(line === undefined ? {} : { region: { startLine: line } }),
          },
        }),
    logicalLocations: [{ fullyQualifiedName: field === "" ? name : `${name}#${field}`, kind: "resource" }],
  };
}
