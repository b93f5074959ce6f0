/**
 * Selectors, and metadata that they select by. Field by field as in the Kubernetes API; an absent list and an absent map
 * differ from empty ones where the API says so. https://kubernetes.io/docs/reference/kubernetes-api/
 * @module
 */
import { z } from "zod";

/** Labels or annotations. */
export const StringMap = z.record(z.string(), z.string());
export type StringMap = z.infer<typeof StringMap>;

const LabelRequirement = z.object({
  key: z.string(),
  operator: z.enum(["In", "NotIn", "Exists", "DoesNotExist"]),
  values: z.array(z.string()).optional(),
});
/** One expression of a LabelSelector. */
export type LabelRequirement = z.infer<typeof LabelRequirement>;

/** meta/v1 LabelSelector. Empty selects everything; where it is absent, nothing is selected. */
export const LabelSelector = z.object({
  matchLabels: StringMap.optional(),
  matchExpressions: z.array(LabelRequirement).optional(),
});
export type LabelSelector = z.infer<typeof LabelSelector>;

const NodeRequirement = z.object({
  key: z.string(),
  operator: z.enum(["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"]),
  values: z.array(z.string()).optional(),
});
/** One expression of a NodeSelectorTerm. */
export type NodeRequirement = z.infer<typeof NodeRequirement>;

const NodeSelectorTerm = z.object({
  matchExpressions: z.array(NodeRequirement).optional(),
  /** Of these, the API has `metadata.name` alone. */
  matchFields: z.array(NodeRequirement).optional(),
});
/** All of its expressions and fields have to hold; one without any selects no node. */
export type NodeSelectorTerm = z.infer<typeof NodeSelectorTerm>;

/** core/v1 NodeSelector: one of the terms has to hold. */
export const NodeSelector = z.object({ nodeSelectorTerms: z.array(NodeSelectorTerm) });
export type NodeSelector = z.infer<typeof NodeSelector>;

const OwnerReference = z.object({
  kind: z.string(),
  name: z.string(),
  uid: z.string().default(""),
  controller: z.boolean().default(false),
});

/** meta/v1 ObjectMeta as far as it matters for what may run where. */
export const SnapshotMetadata = z.object({
  name: z.string(),
  namespace: z.string().default("default"),
  uid: z.string().default(""),
  labels: StringMap.default({}),
  annotations: StringMap.default({}),
  creationTimestamp: z.string().optional(),
  /** Being deleted: finalizers or a grace period still hold it. */
  deletionTimestamp: z.string().optional(),
  ownerReferences: z.array(OwnerReference).default([]),
});
export type SnapshotMetadata = z.infer<typeof SnapshotMetadata>;

/** Amounts by resource, as quantities: `{cpu: "250m", memory: "1Gi"}`. */
export const ResourceList = z.record(z.string(), z.union([z.string(), z.number()]));
export type ResourceList = z.infer<typeof ResourceList>;
