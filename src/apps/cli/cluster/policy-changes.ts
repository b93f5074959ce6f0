/**
 * What an applied policy changes of the one that was there, for people.
 * @module
 */
import { isDeepStrictEqual } from "node:util";
import { isRecord } from "../../../adapters/objects/parse-object.ts";
import type { PolicyOrder } from "./policy-order.ts";

/** One field that differs; undefined on the side that does not have it. */
export interface FieldChange {
  /** Dotted path. */
  readonly field: string;
  readonly before: unknown;
  readonly after: unknown;
}

/** Every field of a spec that differs, by name. What one side lacks is one change, however much is in it. */
export function policyChanges(before: unknown, after: unknown, field = "spec"): readonly FieldChange[] {
  if (isDeepStrictEqual(before, after)) return [];
  if (!isRecord(before) || !isRecord(after)) return [{ field, before, after }];
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].toSorted();
  return names.flatMap((name) => policyChanges(before[name], after[name], `${field}.${name}`));
}

/** A line for each change. */
export function renderChanges(changes: readonly FieldChange[]): readonly string[] {
  return changes.map(({ field, before, after }) => {
    if (before === undefined) return `added    ${field}: ${shown(after)}`;
    if (after === undefined) return `removed  ${field}: ${shown(before)}`;
    return `changed  ${field}: ${shown(before)} -> ${shown(after)}`;
  });
}

/**
 * The options that were not given this time and would have kept what a policy had.
 * @param modeGiven whether the mode was asked for, or is the default
 */
export function toKeep(
  order: PolicyOrder,
  { before, after, modeGiven }: { readonly before: unknown; readonly after: unknown; readonly modeGiven: boolean },
): readonly string[] {
  const options = [
    ["--mode", modeGiven, ["mode"]],
    ["--check-path", order.checkPath !== undefined, ["healthCheck", "http", "path"]],
    ["--check-port", order.checkPort !== undefined, ["healthCheck", "http", "port"]],
    ["--check-port", order.checkPort !== undefined, ["healthCheck", "tcp", "port"]],
    ["--profile", order.profile !== undefined, ["profile"]],
  ] as const;
  return options.flatMap(([option, isGiven, path]) => {
    const was = valueAt(before, path);
    return isGiven || was === undefined || was === valueAt(after, path) ? [] : [`${option} ${shown(was)}`];
  });
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((within, name) => (isRecord(within) ? within[name] : undefined), value);
}

/** Objects that have nothing but a name are shown by it. */
function shown(value: unknown): string {
  if (Array.isArray(value) && value.length > 0 && value.every(isNamed)) return value.map(({ name }) => name).join(", ");
  return typeof value === "string" ? value : JSON.stringify(value);
}

function isNamed(value: unknown): value is { readonly name: string } {
  return isRecord(value) && Object.keys(value).length === 1 && typeof value["name"] === "string";
}
