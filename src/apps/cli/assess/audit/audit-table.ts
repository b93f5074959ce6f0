/**
 * An audit as people read it in a terminal: at most 25 lines, the worst first.
 * @module
 */
import type { AuditResult, Finding } from "../../../../core/audit/audit.ts";
import { SEVERITIES, type Severity } from "../../../../core/audit/severity.ts";
import { counted, paint, table } from "../../output.ts";

const MOST_ROWS = 12;

const MOST_ASSUMPTIONS = 4;

/** Longer names push the messages out of sight. */
const LONGEST_OWNER = 20;

const COLOURS: Readonly<Record<Severity, "red" | "yellow" | "dim" | "magenta" | "cyan">> = {
  critical: "magenta",
  high: "red",
  medium: "yellow",
  low: "cyan",
  info: "dim",
};

/** The text. @param all whether every finding is shown @param show the command that shows more */
export function formatAudit(
  result: AuditResult,
  { all, paths }: { readonly all: boolean; readonly paths: readonly string[] },
): string {
  const fresh = result.findings.filter(({ isKnown }) => !isKnown);
  const shown = all ? fresh : fresh.slice(0, MOST_ROWS);
  const [worst] = fresh;
  return [
    headline(result, fresh),
    "",
    ...(shown.length === 0 ? [paint("green", "nothing found")] : [findingTable(shown)]),
    ...(fresh.length > shown.length ? [`and ${fresh.length - shown.length} more: --all shows them`] : []),
    ...(worst === undefined ? [] : ["", nextStep(worst, paths)]),
    "",
    ...result.assumptions.slice(0, MOST_ASSUMPTIONS).map((text) => paint("dim", text)),
  ].join("\n");
}

function headline({ workloads, rules, findings, exempted }: AuditResult, fresh: readonly Finding[]): string {
  const counts = SEVERITIES.map((severity) => ({
    severity,
    count: fresh.filter((one) => one.severity === severity).length,
  }))
    .filter(({ count }) => count > 0)
    .map(({ severity, count }) => paint(COLOURS[severity], `${count} ${severity}`));
  const known = findings.length - fresh.length;
  return [
    `${counted(workloads, "workload")}, ${counted(rules, "rule")}: ${counts.length === 0 ? "no finding" : counts.join(", ")}`,
    ...(known === 0 ? [] : [`${known} known from the baseline`]),
    ...(exempted.length === 0 ? [] : [`${exempted.length} exempted`]),
  ].join("; ");
}

function findingTable(findings: readonly Finding[]): string {
  return table([
    ["SEVERITY", "RULE", "OWNER", "WHAT", "WHERE"],
    ...findings.map((finding) => [
      paint(COLOURS[finding.severity], finding.severity),
      finding.rule,
      shortened(finding.owner ?? "-"),
      finding.proof === undefined ? finding.message : `${finding.message} (${finding.proof})`,
      placeOf(finding),
    ]),
  ]);
}

/** File and line of the first field, else its path. */
function placeOf({ evidence: [first] }: Finding): string {
  if (first?.file === undefined) return first?.field ?? "";
  return first.line === undefined ? first.file : `${first.file}:${first.line}`;
}

function nextStep({ rule, patch }: Finding, paths: readonly string[]): string {
  const command = `tandem audit ${paths.join(" ")}`;
  return patch === undefined
    ? `${rule} explained: tandem audit --explain ${rule}; all evidence: ${command} -o json`
    : `patches that are certain: ${command} --patches > patches.yaml`;
}

function shortened(text: string): string {
  return text.length <= LONGEST_OWNER ? text : `${text.slice(0, LONGEST_OWNER - 1)}…`;
}
