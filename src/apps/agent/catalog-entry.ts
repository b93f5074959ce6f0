import { createHash } from "node:crypto";
import type { CatalogEntry } from "../../model/catalog.ts";
import type { FailoverPolicy } from "../../model/kinds/index.ts";

const hashes = new WeakMap<FailoverPolicy, string>();

/** Fingerprint of a policy's spec, computed once for each object. How a site leads clients to gateways is its own affair. */
function policyHash(policy: FailoverPolicy): string {
  const known = hashes.get(policy);
  if (known !== undefined) return known;
  const { mode: _, ...spec } = policy.spec;
  const hash = createHash("sha256").update(JSON.stringify(spec)).digest("base64url").slice(0, 16);
  hashes.set(policy, hash);
  return hash;
}

/** What the catalog says of a Service; null when this site has nothing of it. */
export function catalogEntry(ports: readonly number[], policy: FailoverPolicy | undefined): CatalogEntry | null {
  return policy === undefined || ports.length === 0 ? null : { ports: [...ports], policyHash: policyHash(policy) };
}

/** Sites that say they have the policy, but with another spec. @param entries what each site's catalog says, by name */
export function sitesWithAnotherSpec(
  policy: FailoverPolicy | undefined,
  entries: ReadonlyMap<string, CatalogEntry | undefined>,
): readonly string[] {
  if (policy === undefined) return [];
  const own = policyHash(policy);
  return [...entries].filter(([, entry]) => entry !== undefined && entry.policyHash !== own).map(([site]) => site);
}
