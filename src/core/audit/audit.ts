/**
 * A snapshot -> everything that is found in it, the worst first.
 * @module
 */
import type { AuditConfig } from "../../model/audit-config.ts";
import { formatPath } from "../../model/field-path.ts";
import type { AuditView } from "./audit-view.ts";
import { exemptionOf } from "./exemptions.ts";
import { LossProver } from "./loss-proof.ts";
import type { AuditObject, Field } from "./audit-object.ts";
import type { AuditRule, Draft, Fix } from "./rule.ts";
import { SEVERITIES, type Severity } from "./severity.ts";

/** An object by its name. */
export interface ObjectName {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

/** A field of an object, with its value and where it stands. */
export interface Evidence {
  readonly object: ObjectName;
  /** Such as `spec.template.spec.containers[0].image`. */
  readonly field: string;
  /** As JSON; absent where the field is not there. */
  readonly value?: string;
  readonly file?: string;
  readonly line?: number;
}

/** One thing that is found. */
export interface Finding {
  readonly rule: string;
  readonly severity: Severity;
  readonly object: ObjectName;
  readonly owner?: string;
  readonly message: string;
  readonly breaks: string;
  readonly evidence: readonly Evidence[];
  /** What a simulation of the loss says. */
  readonly proof?: string;
  readonly patch?: { readonly kind: Fix["kind"]; readonly object: object };
  /** Why an exemption does not hold. */
  readonly note?: string;
  /** The same in every audit that finds the same. */
  readonly fingerprint: string;
  /** Whether the baseline has it. */
  readonly isKnown: boolean;
}

/** All that an audit gives. */
export interface AuditResult {
  /** The worst first. */
  readonly findings: readonly Finding[];
  readonly exempted: readonly (Pick<Finding, "rule" | "object" | "message"> & {
    readonly reason: string;
    readonly until?: string;
  })[];
  readonly workloads: number;
  readonly rules: number;
  /** What the findings rest on. */
  readonly assumptions: readonly string[];
}

/** Where a field of an object stands. */
export type Locate = (
  object: object,
  path: readonly PropertyKey[],
) => { readonly file: string; readonly line?: number } | undefined;

/** What an audit is told besides the snapshot. */
export interface AuditOptions {
  readonly rules: readonly AuditRule[];
  readonly config: AuditConfig;
  readonly locate?: Locate;
  /** Fingerprints that are known. */
  readonly baseline?: ReadonlySet<string>;
}

/** Applies rules. Neither clock nor I/O: the view has the time, and the same view has the same findings. */
export function audit(view: AuditView, options: AuditOptions): AuditResult {
  const { rules, config } = options;
  const active = rules.filter(({ id }) => config.rules[id] !== "off");
  const prover = new LossProver(view);
  const findings: Finding[] = [];
  const exempted: AuditResult["exempted"][number][] = [];
  for (const rule of active)
    for (const draft of rule.check(view)) {
      const object = objectName(draft.of);
      if (config.ignoreNamespaces.includes(object.namespace)) continue;
      const exemption = exemptionOf(rule.id, draft.of, config.exempt, view.now.slice(0, 10));
      if (exemption.state === "exempt") {
        const { state: _, ...why } = exemption;
        exempted.push({ rule: rule.id, object, message: draft.message, ...why });
        continue;
      }
      const note = exemption.state === "void" ? exemption.why : undefined;
      const proof = draft.prove === undefined ? undefined : prover.prove(draft.prove);
      findings.push(finding(rule, draft, { options, note, proof }));
    }
  return {
    // Sorting is stable: within a severity the order of the rules stays.
    findings: findings.toSorted((one, other) => rank(one) - rank(other)),
    exempted,
    workloads: view.workloads.length,
    rules: active.length,
    assumptions: assumptions(view, prover),
  };
}

function rank({ severity }: Finding): number {
  return SEVERITIES.indexOf(severity);
}

function finding(
  rule: AuditRule,
  draft: Draft,
  { options, note, proof }: { options: AuditOptions; note: string | undefined; proof: string | undefined },
): Finding {
  const object = objectName(draft.of);
  const configured = options.config.rules[rule.id];
  const evidence = draft.fields.map((field) => evidenceOf(field, options.locate));
  const owner = ownerOf(draft.of);
  const fingerprint = `${rule.id} ${object.kind} ${object.namespace}/${object.name} ${evidence[0]?.field ?? ""}`.trim();
  return {
    rule: rule.id,
    severity: configured === undefined || configured === "off" ? (draft.severity ?? rule.severity) : configured,
    object,
    ...(owner === undefined ? {} : { owner }),
    message: draft.message,
    breaks: rule.breaks,
    evidence,
    ...(proof === undefined ? {} : { proof }),
    ...(draft.fix === undefined ? {} : { patch: { kind: draft.fix.kind, object: patchOf(draft.fix) } }),
    ...(note === undefined ? {} : { note }),
    fingerprint,
    isKnown: options.baseline?.has(fingerprint) ?? false,
  };
}

function patchOf(fix: Fix): object {
  if (fix.kind === "new-object") return fix.manifest;
  const { kind, object } = fix.of;
  return { kind, metadata: { namespace: object.metadata.namespace, name: object.metadata.name }, ...fix.patch };
}

function evidenceOf({ of, path, value }: Field, locate: Locate | undefined): Evidence {
  return {
    object: objectName(of),
    field: formatPath(path),
    ...(value === undefined ? {} : { value: JSON.stringify(value) }),
    ...locate?.(of.object, path),
  };
}

const CLUSTER_SCOPED: ReadonlySet<string> = new Set([
  "Node",
  "PersistentVolume",
  "ValidatingWebhookConfiguration",
  "MutatingWebhookConfiguration",
]);

function objectName({ kind, object: { metadata } }: AuditObject): ObjectName {
  return { kind, namespace: CLUSTER_SCOPED.has(kind) ? "" : metadata.namespace, name: metadata.name };
}

/** Labels and annotations that say whose an object is, the most telling first. */
const OWNER_KEYS = [
  "owner",
  "team",
  "app.kubernetes.io/part-of",
  "app.kubernetes.io/managed-by",
  "app.kubernetes.io/name",
];

function ownerOf({ object: { metadata } }: AuditObject): string | undefined {
  const key = OWNER_KEYS.find((one) => (metadata.labels[one] ?? metadata.annotations[one]) !== undefined);
  return key === undefined ? undefined : (metadata.labels[key] ?? metadata.annotations[key]);
}

function assumptions(view: AuditView, prover: LossProver): readonly string[] {
  const { snapshot, workloads } = view;
  const unrequested = workloads.filter(({ template }) =>
    template.spec.containers.some(
      ({ resources }) => resources.requests === undefined && resources.limits === undefined,
    ),
  ).length;
  return [
    view.isLive
      ? `observed: ${snapshot.pods.length} pods on ${snapshot.nodes.length} nodes; pods that are there count as replicas`
      : "manifests only: replicas are those that are written or that an autoscaler keeps; nothing is known of where pods run",
    ...(snapshot.nodes.length === 0 ? ["no nodes: spreading and capacity are not held against real nodes"] : []),
    ...(prover.simulations === 0 ? [] : [`${prover.simulations} losses simulated, without time`]),
    ...(prover.skipped === 0 ? [] : [`${prover.skipped} findings not simulated: too many domains`]),
    ...(unrequested === 0
      ? []
      : [`low confidence in simulations: ${unrequested} of ${workloads.length} workloads lack requests`]),
  ];
}
