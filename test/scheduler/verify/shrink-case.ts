/**
 * A smaller case that still shows the same.
 * @module
 */
import type { Manifest, SchedulerCase } from "../scheduler-case.ts";

/** Whether a smaller case still shows it. */
export type StillShows = (smaller: SchedulerCase) => Promise<boolean>;

/**
 * Takes away pods, objects, then fields, as long as the case still shows it.
 * @param limit how often it may be tried
 */
export async function shrinkCase(one: SchedulerCase, shows: StillShows, limit: number): Promise<SchedulerCase> {
  let left = limit;
  const keeps = async (smaller: SchedulerCase): Promise<boolean> => {
    left -= 1;
    return left >= 0 && (await shows(smaller));
  };
  let smallest = one;
  for (let before: SchedulerCase | undefined; before !== smallest && left > 0; ) {
    before = smallest;
    smallest = await withFewer(smallest, "pending", keeps);
    smallest = await withFewer(smallest, "objects", keeps);
    smallest = await withFewerFields(smallest, "pending", keeps);
    smallest = await withFewerFields(smallest, "objects", keeps);
  }
  return smallest;
}

type Part = "pending" | "objects";

/** First halves, then quarters, down to single ones. */
async function withFewer(one: SchedulerCase, part: Part, keeps: StillShows): Promise<SchedulerCase> {
  let smallest = one;
  for (let size = Math.ceil(one[part].length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let start = 0; start < smallest[part].length; ) {
      const rest = smallest[part].toSpliced(start, size);
      const smaller = { ...smallest, [part]: rest };
      // The last pod is what it is about.
      const isCase = part === "objects" || rest.length > 0;
      if (isCase && (await keeps(smaller))) smallest = smaller;
      else start += size;
    }
  }
  return smallest;
}

async function withFewerFields(one: SchedulerCase, part: Part, keeps: StillShows): Promise<SchedulerCase> {
  let smallest = one;
  for (const index of one[part].keys()) {
    const keepsWith = async (object: Manifest): Promise<boolean> =>
      await keeps({ ...smallest, [part]: smallest[part].with(index, object) });
    const object = smallest[part][index];
    if (object !== undefined)
      smallest = { ...smallest, [part]: smallest[part].with(index, await smallerObject(object, keepsWith)) };
  }
  return smallest;
}

async function smallerObject(one: Manifest, keeps: (smaller: Manifest) => Promise<boolean>): Promise<Manifest> {
  let smallest = one;
  const tried = new Set<string>();
  for (let path = nextPath(smallest, tried); path !== undefined; path = nextPath(smallest, tried)) {
    tried.add(pathKey(path));
    const smaller = without(smallest, path) as Manifest;
    if (!(await keeps(smaller))) continue;
    smallest = smaller;
    // The elements of a list have moved.
    if (typeof path.at(-1) === "number") tried.clear();
  }
  return smallest;
}

type Path = readonly (string | number)[];

const KEPT = new Set(["apiVersion", "kind", "metadata", "metadata.name", "metadata.namespace"]);

/** The outermost field that was not tried yet. */
function nextPath(object: unknown, tried: ReadonlySet<string>): Path | undefined {
  const level: Path[] = [[]];
  for (let path = level.shift(); path !== undefined; path = level.shift()) {
    const key = pathKey(path);
    if (path.length > 0 && !KEPT.has(key) && !tried.has(key)) return path;
    const value = valueAt(object, path);
    const names = Array.isArray(value) ? [...value.keys()] : Object.keys(isComposite(value) ? value : {});
    level.push(...names.map((name) => [...(path ?? []), name]));
  }
  return undefined;
}

function pathKey(path: Path): string {
  return path.join(".");
}

function isComposite(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

function valueAt(object: unknown, path: Path): unknown {
  return path.reduce<unknown>((value, name) => (isComposite(value) ? value[name] : undefined), object);
}

function without(value: unknown, [name, ...rest]: Path): unknown {
  if (name === undefined || !isComposite(value)) return value;
  if (Array.isArray(value) && typeof name === "number") {
    const list: readonly unknown[] = value;
    return rest.length === 0 ? list.toSpliced(name, 1) : list.with(name, without(list[name], rest));
  }
  const { [name]: field, ...others } = value;
  return rest.length === 0 ? others : { ...value, [name]: without(field, rest) };
}
