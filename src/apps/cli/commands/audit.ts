import { writeFile } from "node:fs/promises";
import { Argument, Command, InvalidArgumentError, Option } from "commander";
import { stringify } from "yaml";
import { type AuditResult, audit } from "../../../core/audit/audit.ts";
import { type AuditView, auditView } from "../../../core/audit/audit-view.ts";
import { rulePage } from "../../../core/audit/rule-page.ts";
import type { AuditRule } from "../../../core/audit/rule.ts";
import { AUDIT_RULES } from "../../../core/audit/rules/index.ts";
import { isAtLeast, SEVERITIES, type Severity } from "../../../core/audit/severity.ts";
import { TandemError } from "../../../model/errors.ts";
import { nearestWord } from "../../../model/suggestion.ts";
import { formatAudit } from "../assess/audit/audit-table.ts";
import { auditHtml } from "../assess/audit/html.ts";
import { junitXml } from "../assess/audit/junit.ts";
import { auditMarkdown } from "../assess/audit/markdown.ts";
import { patchDocument } from "../assess/audit/patch-document.ts";
import { baselineText, readAuditConfig, readBaseline } from "../assess/audit/read-audit-config.ts";
import { sarifLog } from "../assess/audit/sarif.ts";
import { readAssessedCluster } from "../assess/assessed-cluster.ts";
import { readClusterFiles } from "../assess/read-cluster-files.ts";
import { reportLeftOut } from "../assess/report-left-out.ts";
import { VERSION } from "../version.ts";
import { type ClusterOptions, clusterOptions, kubectlOptions } from "./cluster-options.ts";

const FORMS = ["table", "json", "yaml", "sarif", "junit", "markdown", "html"] as const;
type Form = (typeof FORMS)[number];

/** Exit code of the worst new finding, from `--fail-on` on: above those of errors. */
const SEVERITY_EXIT: Readonly<Record<Severity, number>> = { critical: 14, high: 13, medium: 12, low: 11, info: 10 };

interface AuditCommandOptions extends ClusterOptions {
  readonly output: Form;
  readonly all?: true;
  readonly config?: string;
  readonly baseline?: string;
  readonly writeBaseline?: string;
  readonly failOn?: Severity | "none";
  readonly rule?: readonly string[];
  readonly site: Readonly<Record<string, string>>;
  readonly explain?: string;
  readonly listRules?: true;
  readonly patches?: true;
}

/** `tandem audit PATH...`. */
export function auditCommand(): Command {
  const command = new Command("audit")
    .description("What in manifests or a snapshot will be an outage one day, with evidence, proof and patches")
    .addArgument(new Argument("[path...]", "files and folders with objects, or a snapshot; - for standard input"))
    .addOption(new Option("-o, --output <form>", "form of the output").choices(FORMS).default("table"))
    .option("--all", "show all findings, not the worst dozen")
    .option("--rule <id...>", "only these rules")
    .option("--site <name=path>", "objects of another site, for Services that are protected; repeat", siteArgument, {})
    .option("--config <file>", "configuration (default: tandem-audit.yaml, if it is there)")
    .option("--baseline <file>", "findings in it are known and never fail")
    .option("--write-baseline <file>", "write all findings as the baseline")
    .addOption(
      new Option("--fail-on <severity>", "least severity that fails (default: high)").choices([...SEVERITIES, "none"]),
    )
    .option("--patches", "print only patches, of findings that have one, as YAML")
    .option("--explain <rule>", "print the page of a rule")
    .option("--list-rules", "list all rules");
  for (const option of clusterOptions()) command.addOption(option);
  return command
    .addHelpText(
      "after",
      `
Exit code, by the worst new finding from --fail-on on: 14 critical, 13 high, 12 medium, 11 low, 10 info; 0 none.

Examples:
  tandem audit ./manifests
  tandem audit --context west -o html > audit.html
  helm template ./chart | tandem audit - --fail-on medium -o sarif > audit.sarif
  tandem audit ./manifests --write-baseline audit-baseline.json
  tandem audit ./manifests --baseline audit-baseline.json -o junit > audit.xml
  kubectl get no,po,deploy,sts,ds,rs,job,cj,svc,pdb,hpa,pv,pvc,sc,ing,pc,cm,validatingwebhookconfigurations,mutatingwebhookconfigurations -A -o json | tandem audit - -o html > audit.html
  tandem audit --explain pdb-blocks-drain`,
    )
    .action(async (paths: string[], options: AuditCommandOptions) => {
      if (options.listRules === true)
        return write(AUDIT_RULES.map(({ id, severity, title }) => `${id} (${severity}): ${title}`).join("\n"));
      if (options.explain !== undefined) return write(rulePage(ruleNamed(options.explain)).trimEnd());
      await runAudit(paths, options);
    });
}

async function runAudit(paths: readonly string[], options: AuditCommandOptions): Promise<void> {
  const rules = options.rule === undefined ? AUDIT_RULES : options.rule.map(ruleNamed);
  const config = await readAuditConfig(
    options.config,
    AUDIT_RULES.map(({ id }) => id),
  );
  const baseline = options.baseline === undefined ? new Set<string>() : await readBaseline(options.baseline);
  const files = await readAssessedCluster(paths, options);
  reportLeftOut(files);
  const others = await Promise.all(
    Object.entries(options.site).map(async ([name, path]) => {
      const site = await readClusterFiles([path]);
      reportLeftOut(site);
      return [name, site.snapshot] as const;
    }),
  );
  const view = auditView(files.snapshot, new Date().toISOString(), new Map(others));
  const result = audit(view, { rules, config, locate: files.locate, baseline });
  if (options.writeBaseline !== undefined)
    await writeFile(options.writeBaseline, baselineText(result.findings.map(({ fingerprint }) => fingerprint)));
  write(options.patches === true ? patches(result) : rendered(result, { view, rules, paths, options }));
  const failOn = options.failOn ?? config.failOn ?? "high";
  if (failOn === "none" || options.writeBaseline !== undefined) return;
  const worst = result.findings.find(({ isKnown, severity }) => !isKnown && isAtLeast(severity, failOn));
  if (worst !== undefined) process.exitCode = SEVERITY_EXIT[worst.severity];
}

interface Rendering {
  readonly view: AuditView;
  readonly rules: readonly AuditRule[];
  readonly paths: readonly string[];
  readonly options: AuditCommandOptions;
}

function rendered(result: AuditResult, { view, rules, paths, options }: Rendering): string {
  switch (options.output) {
    case "table":
      return formatAudit(result, {
        all: options.all === true,
        paths: paths.length > 0 ? paths : [kubectlOptions(options).trim()],
      });
    case "json":
      return JSON.stringify(result, undefined, 2);
    case "yaml":
      return stringify(result).trimEnd();
    case "sarif":
      return JSON.stringify(sarifLog(result, rules, VERSION), undefined, 2);
    case "junit":
      return junitXml(result, rules);
    case "markdown":
      return auditMarkdown(result);
    case "html":
      return auditHtml(result, view);
  }
}

function patches({ findings }: AuditResult): string {
  return findings
    .flatMap(({ patch, message, object }) => (patch === undefined ? [] : [patchDocument(patch, message, object)]))
    .join("---\n")
    .trimEnd();
}

function write(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** @throws TandemError InvalidArgument when there is none */
function ruleNamed(id: string): AuditRule {
  const rule = AUDIT_RULES.find((one) => one.id === id);
  if (rule !== undefined) return rule;
  const near = nearestWord(
    id,
    AUDIT_RULES.map((one) => one.id),
  );
  throw new TandemError(
    "InvalidArgument",
    `no rule is named ${id}${near === undefined ? "; --list-rules has all" : `; did you mean ${near}?`}`,
  );
}

function siteArgument(text: string, before: Readonly<Record<string, string>>): Record<string, string> {
  const at = text.indexOf("=");
  if (at <= 0 || at === text.length - 1) throw new InvalidArgumentError("Write NAME=PATH.");
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) };
}
