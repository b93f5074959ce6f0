/**
 * Sets of field paths, as `managedFields` holds them (FieldsV1 of structured-merge-diff).
 * @module
 */
import { type Json, type JsonObject, isObject } from "../api/json.ts";

/**
 * One step of a path, as FieldsV1 writes it: `f:name` for a field, `k:{...}` for the item of a list by its keys,
 * `v:"..."` for the item of a set.
 */
export type PathElement = string;

/** A path from the object's root. */
export type FieldPath = readonly PathElement[];

/** A set of paths, as a tree: `member` says whether the path that leads here belongs to the set. */
export class FieldSet {
  member: boolean;
  readonly children: Map<PathElement, FieldSet>;

  constructor(member = false, children: Map<PathElement, FieldSet> = new Map()) {
    this.member = member;
    this.children = children;
  }

  /** Adds a path. */
  insert(path: FieldPath): void {
    const [head, ...rest] = path;
    if (head === undefined) {
      this.member = true;
      return;
    }
    const below = this.children.get(head) ?? new FieldSet();
    this.children.set(head, below);
    below.insert(rest);
  }

  /** Whether no path is in the set. */
  get isEmpty(): boolean {
    return !this.member && [...this.children.values()].every((child) => child.isEmpty);
  }

  /** Paths of either set. */
  union(other: FieldSet | undefined): FieldSet {
    if (other === undefined) return this;
    const children = new Map(this.children);
    for (const [element, child] of other.children) {
      const own = children.get(element);
      children.set(element, own === undefined ? child : own.union(child));
    }
    return new FieldSet(this.member || other.member, children);
  }

  /** Paths of this set that the other does not have. */
  difference(other: FieldSet | undefined): FieldSet {
    if (other === undefined) return this;
    const children = new Map<PathElement, FieldSet>();
    for (const [element, child] of this.children) {
      const rest = child.difference(other.children.get(element));
      if (!rest.isEmpty) children.set(element, rest);
    }
    return new FieldSet(this.member && !other.member, children);
  }

  /** Paths of both sets. */
  intersection(other: FieldSet | undefined): FieldSet {
    const children = new Map<PathElement, FieldSet>();
    if (other === undefined) return new FieldSet();
    for (const [element, child] of this.children) {
      const shared = child.intersection(other.children.get(element));
      if (!shared.isEmpty) children.set(element, shared);
    }
    return new FieldSet(this.member && other.member, children);
  }

  /** The set with every parent of a path in it. */
  withParents(): FieldSet {
    const children = new Map([...this.children].map(([element, child]) => [element, child.withParents()]));
    return new FieldSet(!this.isEmpty, children);
  }

  /** The set without these paths and everything below them. */
  without(paths: readonly FieldPath[]): FieldSet {
    const copy = this.union(new FieldSet());
    return paths.reduce((set, path) => withoutOne(set, path), copy);
  }

  /** Every path, parents first. */
  paths(above: FieldPath = []): FieldPath[] {
    const found: FieldPath[] = this.member ? [above] : [];
    for (const element of [...this.children.keys()].toSorted()) {
      found.push(...(this.children.get(element)?.paths([...above, element]) ?? []));
    }
    return found;
  }
}

function withoutOne(set: FieldSet, path: FieldPath): FieldSet {
  const [head, ...rest] = path;
  const child = head === undefined ? undefined : set.children.get(head);
  if (head === undefined || child === undefined) return set;
  const children = new Map(set.children);
  const left = rest.length === 0 ? new FieldSet() : withoutOne(child, rest);
  if (left.isEmpty) children.delete(head);
  else children.set(head, left);
  return new FieldSet(set.member, children);
}

/** The set as FieldsV1. */
export function toFieldsV1(set: FieldSet): JsonObject {
  const fields: JsonObject = {};
  for (const element of [...set.children.keys()].toSorted()) {
    const child = set.children.get(element);
    if (child === undefined || child.isEmpty) continue;
    const below = toFieldsV1(child);
    fields[element] = child.member && Object.keys(below).length > 0 ? { ".": {}, ...below } : below;
  }
  return fields;
}

/** The set that FieldsV1 describes. */
export function fromFieldsV1(fields: Json | undefined): FieldSet {
  const set = new FieldSet();
  if (!isObject(fields)) return set;
  for (const [element, below] of Object.entries(fields)) {
    if (element === ".") continue;
    const child = fromFieldsV1(below);
    child.member = isObject(below) && (Object.keys(below).length === 0 || Object.hasOwn(below, "."));
    set.children.set(element, child);
  }
  return set;
}

/** A path as conflicts name it: `.spec.ports[port=80,protocol="TCP"].name`. */
export function printPath(path: FieldPath): string {
  return path.map(printElement).join("");
}

function printElement(element: PathElement): string {
  const rest = element.slice(2);
  if (element.startsWith("f:")) return `.${rest}`;
  if (element.startsWith("v:")) return `[=${rest}]`;
  if (element.startsWith("i:")) return `[${rest}]`;
  const keys = Object.entries(JSON.parse(rest) as JsonObject);
  return `[${keys.map(([key, value]) => `${key}=${JSON.stringify(value)}`).join(",")}]`;
}
