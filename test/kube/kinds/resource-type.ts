import { createHash } from "node:crypto";
import type { FieldProblem } from "../api/api-error.ts";
import type { Draft, KubeObject } from "../api/kube-object.ts";
import type { NameRule } from "../api/names.ts";
import type { Schema } from "../schema/schema.ts";

/** A version of a resource. */
export interface ResourceVersion {
  readonly name: string;
  readonly schema: Schema | undefined;
  readonly status: boolean;
}

/** What is special about a kind. */
export interface KindRules {
  /** Fills in what the server's own type always writes, even of an object that nobody has said anything about. */
  readonly bare?: (draft: Draft) => void;
  /** Fills in what the client left out, before anybody owns a field. */
  readonly fill?: (draft: Draft) => void;
  /** Fills in what the server decides, after fields have owners. */
  readonly decide?: (draft: Draft, previous: KubeObject | undefined) => void;
  /** Finds what is wrong. */
  readonly check?: (draft: Draft, previous: KubeObject | undefined) => FieldProblem[];
  /** Called when an object is gone. */
  readonly released?: (object: KubeObject) => void;
}

/** A resource that the API serves. */
export interface ResourceType {
  readonly group: string;
  readonly plural: string;
  readonly singular: string;
  readonly kind: string;
  readonly listKind: string;
  readonly namespaced: boolean;
  /** Served versions, the preferred one first; objects are stored as `storageVersion`. */
  readonly versions: readonly ResourceVersion[];
  readonly storageVersion: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly verbs: readonly string[];
  /** Whether it comes from a CustomResourceDefinition. */
  readonly custom: boolean;
  readonly names: NameRule;
  readonly hasGeneration: boolean;
  /** Whether an update without a resourceVersion is allowed. */
  readonly unconditionalUpdate: boolean;
  /** Whether an update of a missing object creates it. */
  readonly createOnUpdate: boolean;
  /** Whether deleting answers the object instead of a Status. */
  readonly answersDeleted: boolean;
  /** Whether a status sent at creation is kept. */
  readonly keepsStatus: boolean;
  /** Fields besides metadata.name and metadata.namespace that a field selector may use. */
  readonly selectable: readonly string[];
  readonly rules: KindRules;
}

/** `group/plural`, what the store knows a resource by. */
export function resourceKey({ group, plural }: Pick<ResourceType, "group" | "plural">): string {
  return `${group}/${plural}`;
}

/** `group/version`, or `version` of the core group. */
export function apiVersionOf(group: string, version: string): string {
  return group === "" ? version : `${group}/${version}`;
}

/** The version with a name. */
export function versionOf(type: ResourceType, name: string): ResourceVersion | undefined {
  return type.versions.find((version) => version.name === name);
}

/** `storageVersionHash` of discovery. */
export function storageVersionHash({ group, storageVersion, kind }: ResourceType): string {
  return createHash("sha256").update(`${group}/${storageVersion}/${kind}`).digest().subarray(0, 8).toString("base64");
}
