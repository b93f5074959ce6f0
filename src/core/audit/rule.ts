/**
 * What a rule of the audit is, and what it gives.
 * @module
 */
import type { AuditObject, Field } from "./audit-object.ts";
import type { AuditView } from "./audit-view.ts";
import type { Severity } from "./severity.ts";
import type { Workload } from "./workload.ts";

/** A change that is certain to remove what is found: it holds no value that is a guess. */
export type Fix =
  | { readonly kind: "merge-patch"; readonly of: AuditObject; readonly patch: object }
  | { readonly kind: "new-object"; readonly manifest: object };

/** What a rule finds, before it is put beside exemptions, positions and proofs. */
export interface Draft {
  readonly of: AuditObject;
  /** What is wrong here, one sentence without a final full stop. */
  readonly message: string;
  /** In place of the rule's, where it is graded. */
  readonly severity?: Severity;
  readonly fields: readonly Field[];
  readonly fix?: Fix;
  /** The workload whose loss by one node or one zone is simulated, to prove it. */
  readonly prove?: { readonly workload: Workload; readonly domain: "node" | "zone" };
}

/** One rule: a file in `rules/` and a line in its ordered array. */
export interface AuditRule {
  /** In kebab-case; the name of its page, and of its exemption. */
  readonly id: string;
  readonly title: string;
  readonly severity: Severity;
  /** What breaks, one sentence in terms of an outage. */
  readonly breaks: string;
  readonly check: (view: AuditView) => readonly Draft[];
  /** Of its page. The examples are the inputs of its golden test, too. */
  readonly page: {
    /** What is looked at, and what is deliberately not reported. */
    readonly text: string;
    readonly bad: string;
    readonly good: string;
  };
}
