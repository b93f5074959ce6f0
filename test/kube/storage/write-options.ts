import type { Json } from "../api/json.ts";
import type { FieldValidation } from "./decode.ts";

/** What a write request says besides the object. */
export interface WriteOptions {
  /** Name in managed fields. */
  readonly manager: string;
  /** `dryRun=All`: everything but storing. */
  readonly dryRun: boolean;
  readonly fieldValidation: FieldValidation;
  readonly duplicates: readonly string[];
  readonly warn: (text: string) => void;
}

/** Options of a write that the cluster's own controllers make. */
export function controllerWrite(manager: string): WriteOptions {
  return { manager, dryRun: false, fieldValidation: "Ignore", duplicates: [], warn: () => {} };
}

/** What a delete request says. */
export interface DeleteOptions {
  readonly dryRun: boolean;
  readonly gracePeriodSeconds?: number | undefined;
  readonly propagationPolicy?: string | undefined;
  readonly uid?: string | undefined;
  readonly resourceVersion?: string | undefined;
}

/** How a patch is meant. */
export type PatchKind = "json" | "merge" | "strategic" | "apply";

/** A patch as it was sent. */
export interface PatchRequest {
  readonly kind: PatchKind;
  readonly body: Json;
  readonly force: boolean;
  /** Empty for the object itself. */
  readonly subresource: string;
}
