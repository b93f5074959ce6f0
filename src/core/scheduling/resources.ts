/**
 * Amounts of resources that schedulers count.
 * @module
 */
import type { ResourceList } from "../../model/snapshot/selectors.ts";
import { parseMilli, wholeUnits } from "./quantity.ts";

/** Amounts in thousandths, by resource: sums are made of these, and rounded when they are complete. */
export type MilliAmounts = Map<string, number>;

/** What is asked for or there: thousandths of a CPU, bytes, and whole units of other resources. */
export interface Resources {
  milliCpu: number;
  memory: number;
  ephemeralStorage: number;
  /** Extended resources, huge pages, attachable volumes, by name. */
  readonly scalars: Map<string, number>;
}

/** Of amounts that are no quantities nothing is counted. */
export function milliAmounts(list: ResourceList): MilliAmounts {
  const amounts: MilliAmounts = new Map();
  for (const [name, quantity] of Object.entries(list)) {
    const milli = parseMilli(quantity);
    if (milli !== undefined) amounts.set(name, milli);
  }
  return amounts;
}

/** Adds amounts to others. */
export function addAmounts(to: MilliAmounts, more: ReadonlyMap<string, number>): void {
  for (const [name, milli] of more) to.set(name, (to.get(name) ?? 0) + milli);
}

/** Raises each amount to the other one where that is larger. */
export function raiseAmounts(amounts: MilliAmounts, floor: ReadonlyMap<string, number>): void {
  for (const [name, milli] of floor) {
    const present = amounts.get(name);
    if (present === undefined || milli > present) amounts.set(name, milli);
  }
}

/** The resources that schedulers count, rounded up; others, as `storage`, are left out. */
export function resourcesOf(amounts: ReadonlyMap<string, number>): Resources {
  const resources = noResources();
  for (const [name, milli] of amounts) {
    if (name === "cpu") resources.milliCpu = milli;
    else if (name === "memory") resources.memory = wholeUnits(milli);
    else if (name === "ephemeral-storage") resources.ephemeralStorage = wholeUnits(milli);
    else if (isScalar(name)) resources.scalars.set(name, wholeUnits(milli));
  }
  return resources;
}

/** Nothing at all. */
export function noResources(): Resources {
  return { milliCpu: 0, memory: 0, ephemeralStorage: 0, scalars: new Map() };
}

/** Adds resources, or takes them away again with `times` -1. */
export function addResources(to: Resources, more: Resources, times: 1 | -1): void {
  to.milliCpu += times * more.milliCpu;
  to.memory += times * more.memory;
  to.ephemeralStorage += times * more.ephemeralStorage;
  for (const [name, amount] of more.scalars) to.scalars.set(name, (to.scalars.get(name) ?? 0) + times * amount);
}

/** Extended resources, huge pages, attachable volumes and what Kubernetes itself has with a prefix. */
function isScalar(name: string): boolean {
  return name.includes("/") ? !name.startsWith("requests.") || name.includes("kubernetes.io/") : isPlainScalar(name);
}

function isPlainScalar(name: string): boolean {
  return name.startsWith("hugepages-") || name.startsWith("attachable-volumes-");
}
