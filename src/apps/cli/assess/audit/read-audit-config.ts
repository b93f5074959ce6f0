/**
 * The audit's own files: configuration and baseline.
 * @module
 */
import { readFile } from "node:fs/promises";
import { z } from "zod";
import { type LocatedValue, readDocuments } from "../../../../adapters/files/yaml-documents.ts";
import { AuditConfig } from "../../../../model/audit-config.ts";
import { TandemError } from "../../../../model/errors.ts";
import { formatProblem, type Problem } from "../../../../model/problem.ts";
import { nearestWord } from "../../../../model/suggestion.ts";

/**
 * Reads a configuration. Without a path `tandem-audit.yaml` is read if it is there.
 * @param rules ids that there are
 * @throws TandemError InvalidArgument with every mistake, its line and what was meant
 */
export async function readAuditConfig(path: string | undefined, rules: readonly string[]): Promise<AuditConfig> {
  const text = await readFile(path ?? "tandem-audit.yaml", "utf8").catch((error: unknown) => {
    if (path === undefined) return "";
    throw new TandemError("InvalidArgument", `${path} cannot be read`, { cause: error });
  });
  return parseAuditConfig(path ?? "tandem-audit.yaml", text, rules);
}

/** Parses a configuration. @throws TandemError InvalidArgument */
export function parseAuditConfig(file: string, text: string, rules: readonly string[]): AuditConfig {
  const problems: Problem[] = [];
  const located = readDocuments(file, text).flatMap((document) => {
    if (document.ok) return document.value;
    problems.push(...document.problems);
    return [];
  });
  const [first] = located;
  const parsed = AuditConfig.safeParse(first?.value ?? {});
  if (first !== undefined)
    problems.push(...(parsed.success ? unknownRules(parsed.data, first, rules) : fieldProblems(parsed.error, first)));
  if (problems.length > 0 || !parsed.success)
    throw new TandemError("InvalidArgument", problems.map(formatProblem).join("\n  "), {
      remedy: "Correct the configuration; docs/assess.md has its fields",
    });
  return parsed.data;
}

function unknownRules(
  { rules: severities, exempt }: AuditConfig,
  at: LocatedValue,
  rules: readonly string[],
): Problem[] {
  return [
    ...Object.keys(severities).map((rule) => ({ rule, path: ["rules", rule] })),
    ...exempt.map(({ rule }, index) => ({ rule, path: ["exempt", index, "rule"] })),
  ]
    .filter(({ rule }) => !rules.includes(rule))
    .map(({ rule, path }) => at.problemAt(path, `no rule is named ${rule}`, meant(rule, rules)));
}

function fieldProblems({ issues }: z.ZodError, at: LocatedValue): Problem[] {
  return issues.flatMap((issue) => {
    if (issue.code !== "unrecognized_keys") return [at.problemAt(issue.path, issue.message, "Correct it")];
    const known = issue.path.length === 0 ? Object.keys(AuditConfig.shape) : EXEMPTION_FIELDS;
    return issue.keys.map((key) => at.problemAt([...issue.path, key], "unknown field", meant(key, known)));
  });
}

const EXEMPTION_FIELDS = ["rule", "kind", "namespace", "name", "reason", "until"];

function meant(word: string, known: readonly string[]): string {
  const near = nearestWord(word, known);
  return near === undefined ? `Use one of ${known.join(", ")}` : `Did you mean ${near}?`;
}

const Baseline = z.strictObject({ version: z.literal(1), findings: z.array(z.string()) });

/** Fingerprints of a baseline file. @throws TandemError InvalidArgument */
export async function readBaseline(path: string): Promise<ReadonlySet<string>> {
  try {
    return new Set(Baseline.parse(JSON.parse(await readFile(path, "utf8"))).findings);
  } catch (error) {
    throw new TandemError("InvalidArgument", `${path} is not a baseline`, {
      cause: error,
      remedy: "Write one with --write-baseline FILE",
    });
  }
}

/** The content of a baseline file. */
export function baselineText(fingerprints: readonly string[]): string {
  return `${JSON.stringify({ version: 1, findings: [...new Set(fingerprints)].toSorted() }, undefined, 2)}\n`;
}
