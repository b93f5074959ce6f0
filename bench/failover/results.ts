/**
 * Results as data: what is written as JSON and what tables are made of.
 * @module
 */
import { type MedianMeasure, median, medianMeasure } from "../../src/core/measure/index.ts";
import type { Machine } from "../rig/machine.ts";
import type { RunMeasure } from "./run.ts";

/** One row with one contender. */
export interface Cell {
  readonly row: string;
  readonly contender: string;
  /** Every run; empty: the row does not apply to the contender. */
  readonly runs: readonly RunMeasure[];
}

/** What a benchmark measured. */
export interface FailoverResults {
  readonly startedAt: string;
  readonly machine: Machine;
  readonly runs: number;
  readonly contenders: readonly { readonly name: string; readonly description: string }[];
  readonly cells: readonly Cell[];
}

/** The medians of a cell. */
export interface CellMedian extends MedianMeasure {
  readonly attemptsPerRequest: number | null;
}

/** The median of each number on its own; null: the row does not apply. */
export function medianOf(cell: Cell): CellMedian | null {
  const measured = medianMeasure(cell.runs);
  if (measured === null) return null;
  return { ...measured, attemptsPerRequest: median(cell.runs.map((run) => run.attemptsPerRequest)) };
}

/** The largest share of processor time (0 to 1) that other processes took during any run. */
export function largestDisturbance({ cells }: FailoverResults): number {
  return Math.max(0, ...cells.flatMap(({ runs }) => runs.map(({ disturbance }) => disturbance)));
}

/** Results in which cells of `added` replace those of the same row and contender. */
export function mergeResults(before: FailoverResults | null, added: FailoverResults): FailoverResults {
  if (before === null) return added;
  const key = ({ row, contender }: Cell): string => `${row}\n${contender}`;
  const cells = new Map([...before.cells, ...added.cells].map((cell) => [key(cell), cell]));
  const names = new Map([...before.contenders, ...added.contenders].map((contender) => [contender.name, contender]));
  return { ...added, cells: [...cells.values()], contenders: [...names.values()] };
}
