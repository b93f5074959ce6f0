import { z } from "zod";

/** The API group and version of Tandem's own kinds. */
export const TANDEM_API_VERSION = "tandem.dev/v1alpha1";

/** A DNS-1123 label, the form of names of namespaces, Services and sites. */
export const DnsLabel = z
  .string()
  .max(63, "is longer than 63 characters")
  .regex(
    /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/,
    "is not a DNS label: lower-case letters, digits and '-', starting and ending with a letter or digit",
  );

/** A DNS-1123 subdomain, the form of most Kubernetes object names. */
export const DnsSubdomain = z
  .string()
  .max(253, "is longer than 253 characters")
  .regex(
    /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/,
    "is not a DNS name: lower-case letters, digits, '-' and '.', starting and ending with a letter or digit",
  );

const Labels = z.record(z.string(), z.string());

/** ObjectMeta of a namespaced object as far as Tandem reads it; what API servers add besides is kept out of the way. */
export const NamespacedMetadata = z.looseObject({
  name: DnsSubdomain,
  namespace: DnsLabel.default("default"),
  labels: Labels.default({}),
  annotations: Labels.default({}),
});
export type NamespacedMetadata = z.infer<typeof NamespacedMetadata>;

/** ObjectMeta of a cluster-scoped object. */
export const ClusterMetadata = z.looseObject({
  name: DnsLabel,
  labels: Labels.default({}),
  annotations: Labels.default({}),
});
export type ClusterMetadata = z.infer<typeof ClusterMetadata>;
