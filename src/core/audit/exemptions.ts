/**
 * What is left out of an audit on purpose: by an annotation of the object, or by the configuration.
 * @module
 */
import type { AuditExemption } from "../../model/audit-config.ts";
import type { AuditObject } from "./audit-object.ts";

/** An annotation `audit.tandem.dev/<rule>: exempt until 2027-01-31: <reason>`; without `until`, for good. */
export const EXEMPTION_PREFIX = "audit.tandem.dev/";

/** Whether a finding is left out. */
export type Exemption =
  | { readonly state: "none" }
  | { readonly state: "exempt"; readonly reason: string; readonly until?: string }
  /** The finding stays, with a note that says why. */
  | { readonly state: "void"; readonly why: string };

/** Looks for an exemption of a rule for an object. @param today as `2027-01-31` */
export function exemptionOf(
  rule: string,
  { kind, object: { metadata } }: AuditObject,
  configured: readonly AuditExemption[],
  today: string,
): Exemption {
  const annotation = metadata.annotations[`${EXEMPTION_PREFIX}${rule}`];
  const own = annotation === undefined ? undefined : parseAnnotation(annotation);
  if (own === "malformed")
    return { state: "void", why: `annotation ${EXEMPTION_PREFIX}${rule} is not "exempt until YYYY-MM-DD: reason"` };
  const found =
    own ??
    configured.find(
      (one) =>
        one.rule === rule &&
        (one.kind ?? kind) === kind &&
        matches(one.namespace, metadata.namespace) &&
        matches(one.name, metadata.name),
    );
  if (found === undefined) return { state: "none" };
  const { reason, until } = found;
  if (until !== undefined && until < today) return { state: "void", why: `exemption expired on ${until}: ${reason}` };
  return { state: "exempt", reason, ...(until === undefined ? {} : { until }) };
}

function parseAnnotation(text: string): { reason: string; until?: string } | "malformed" {
  const match = /^exempt(?: until (\d{4}-\d{2}-\d{2}))?: *(\S.*)$/s.exec(text.trim());
  const [, until, reason] = match ?? [];
  if (reason === undefined) return "malformed";
  return { reason, ...(until === undefined ? {} : { until }) };
}

/** `*` stands for any number of characters. */
function matches(pattern: string | undefined, text: string): boolean {
  if (pattern === undefined) return true;
  const parts = pattern.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`).test(text);
}
