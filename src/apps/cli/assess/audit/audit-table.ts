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
const LONGEST_OWNER = 14;

/** A row that a terminal breaks takes two lines. */
const LONGEST_MESSAGE = 64;

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
  return [
    headline(result, fresh),
    "",
    ...(shown.length === 0 ? [paint("green", "nothing found")] : [findingTable(shown, all)]),
    ...(fresh.length > shown.length ? [`and ${fresh.length - shown.length} more: --all shows them`] : []),
    ...nextStep(fresh, paths),
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

function findingTable(findings: readonly Finding[], all: boolean): string {
  return table([
    ["SEVERITY", "RULE", "OWNER", "WHAT", "WHERE"],
    ...findings.map((finding) => [
      paint(COLOURS[finding.severity], finding.severity),
      finding.rule,
      shortened(finding.owner ?? "-", LONGEST_OWNER),
      all ? inFull(finding) : inShort(finding),
      all ? placeOf(finding) : fileOf(placeOf(finding)),
    ]),
  ]);
}

function inFull({ message, proof }: Finding): string {
  return proof === undefined ? message : `${message} (${proof})`;
}

/** The proof instead of the message where there is one: it says more in fewer words. */
function inShort({ object, message, proof }: Finding): string {
  if (proof === undefined) return shortened(message, LONGEST_MESSAGE);
  const name = object.namespace === "" ? object.name : `${object.namespace}/${object.name}`;
  return shortened(`${name}: ${proof.replace("simulated: ", "")}`, LONGEST_MESSAGE);
}

/** File and line of the first field, else its path. */
function placeOf({ evidence: [first] }: Finding): string {
  if (first?.file === undefined) return first?.field ?? "";
  return first.line === undefined ? first.file : `${first.file}:${first.line}`;
}

function fileOf(place: string): string {
  return place.slice(place.lastIndexOf("/") + 1);
}

/** Patches, if there are any; else what says more of the worst. */
function nextStep(fresh: readonly Finding[], paths: readonly string[]): readonly string[] {
  const [worst] = fresh;
  if (worst === undefined) return [];
  const command = `tandem audit ${paths.join(" ")}`;
  const patched = fresh.filter(({ patch }) => patch !== undefined).length;
  return [
    "",
    ...(patched === 0 ? [] : [`to fix ${patched} of them: ${command} --patches`]),
    `to read more: tandem audit --explain ${worst.rule}, or ${command} -o json`,
  ];
}

function shortened(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}
