/**
 * Objects and their fields, as findings point at them.
 * @module
 */
import type { SnapshotMetadata } from "../../model/snapshot/selectors.ts";

/** An object of the snapshot with its kind. */
export interface AuditObject {
  readonly kind: string;
  readonly object: { readonly metadata: SnapshotMetadata };
}

/** A field that shows what is found, with its value there. */
export interface Field {
  readonly of: AuditObject;
  readonly path: readonly PropertyKey[];
  /** Absent: the field is not there, and that is the finding. */
  readonly value?: unknown;
}
