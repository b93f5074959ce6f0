/**
 * Audits of YAML, for tests.
 * @module
 */
import { readDocuments } from "../../src/adapters/files/yaml-documents.ts";
import { type AuditOptions, type AuditResult, audit } from "../../src/core/audit/audit.ts";
import { auditView } from "../../src/core/audit/audit-view.ts";
import { AUDIT_RULES } from "../../src/core/audit/rules/index.ts";
import { AuditConfig } from "../../src/model/audit-config.ts";
import type { ClusterSnapshot } from "../../src/model/snapshot/cluster-snapshot.ts";
import { readSnapshot } from "../../src/model/snapshot/read-snapshot.ts";

/** When tests audit. */
export const NOW = "2026-12-01T00:00:00Z";

/** Options, the configuration in few words. */
export interface YamlAudit extends Partial<Omit<AuditOptions, "config">> {
  readonly config?: object;
  readonly others?: ReadonlyMap<string, ClusterSnapshot>;
}

/** The snapshot of YAML. @throws Error when something in it is wrong */
export function snapshotOf(yaml: string): ClusterSnapshot {
  const values = readDocuments("input.yaml", yaml).flatMap((document) => {
    if (!document.ok) throw new Error(JSON.stringify(document.problems));
    return document.value.map(({ value }) => value);
  });
  const { snapshot, problems } = readSnapshot(values);
  if (problems.length > 0) throw new Error(JSON.stringify(problems));
  return snapshot;
}

/** Audits YAML with all rules, or those that are named. */
export function auditYaml(yaml: string, { config = {}, others, ...more }: YamlAudit = {}): AuditResult {
  const view = auditView(snapshotOf(yaml), NOW, others);
  return audit(view, { rules: AUDIT_RULES, ...more, config: AuditConfig.parse(config) });
}

/** Ids of the rules that find something. */
export function found(yaml: string, options: YamlAudit = {}): readonly string[] {
  return [...new Set(auditYaml(yaml, options).findings.map(({ rule }) => rule))];
}
