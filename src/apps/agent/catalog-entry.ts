import { createHash } from "node:crypto";
import type { CatalogEntry } from "../../model/catalog.ts";
import type { FailoverPolicy } from "../../model/kinds/index.ts";

/** Fingerprint of a policy's spec. */
export function policyHash(policy: FailoverPolicy): string {
  return createHash("sha256").update(JSON.stringify(policy.spec)).digest("base64url").slice(0, 16);
}

/** What the catalog says of a Service; null when this site has nothing of it. */
export function catalogEntry(
  ports: readonly Readonly<CatalogEntry["ports"][number]>[],
  policy: FailoverPolicy | undefined,
): CatalogEntry | null {
  return policy === undefined || ports.length === 0 ? null : { ports: [...ports], policyHash: policyHash(policy) };
}
