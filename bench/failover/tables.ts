/**
 * Results as Markdown and as plain text.
 * @module
 */
import { sentenceOf } from "../rig/machine.ts";
import { table } from "../rig/markdown.ts";
import type { Row } from "./row.ts";
import { rows } from "./rows.ts";
import { type CellMedian, type FailoverResults, largestDisturbance, medianOf } from "./results.ts";

/** Tables for docs/benchmarks.md: failed requests and longest gap at a glance, then everything. */
export function renderFailover(results: FailoverResults): string {
  const measured = rows.filter(({ id }) => results.cells.some(({ row }) => row === id));
  const runs = `Medians of ${results.runs} run${results.runs === 1 ? "" : "s"}.`;
  const others = `Other processes took at most ${(100 * largestDisturbance(results)).toFixed(0)} % of the processors during a run.`;
  const about = `${sentenceOf(results.machine, results.startedAt)} ${runs} ${others}`;
  const glance = (title: string, show: (cell: CellMedian) => string): string =>
    `#### ${title}\n\n${table(
      ["fault", ...names(results)],
      measured.map((row) => [
        titleOf(row),
        ...cellsOf(results, row).map((cell) => (cell === null ? "n/a" : show(cell))),
      ]),
    )}`;
  const columns = ["fault", "contender", "failed", "share", "gap", "p50", "p99", "max", "attempts"];
  return [
    about,
    glance("Failed requests", ({ failed, requests }) => `${failed} of ${requests}`),
    glance("Longest time without an answer", ({ longestGapMs }) => milliseconds(longestGapMs)),
    `#### Everything\n\n${table(
      columns,
      measured.flatMap((row) => fullLines(results, row)),
    )}`,
    results.contenders.map(({ name, description }) => `- ${name}: ${description}`).join("\n"),
  ].join("\n\n");
}

/** One line of plain text for one cell, as it is measured. */
export function renderCell(row: Row, contender: string, cell: CellMedian | null): string {
  const [, , ...values] = lineOf(row, contender, cell);
  const labels = ["failed", "share", "gap", "p50", "p99", "max", "attempts"];
  const text = cell === null ? "n/a" : values.map((value, index) => `${labels[index]} ${value}`).join("  ");
  return `${row.id.padEnd(22)} ${contender.padEnd(14)} ${text}`;
}

function fullLines(results: FailoverResults, row: Row): string[][] {
  return cellsOf(results, row).map((cell, index) => lineOf(row, names(results)[index] ?? "", cell));
}

function lineOf(row: Row, contender: string, cell: CellMedian | null): string[] {
  const start = [titleOf(row), contender];
  if (cell === null) return [...start, ...Array.from({ length: 7 }, () => "n/a")];
  return [
    ...start,
    `${cell.failed}`,
    `${(100 * cell.failedShare).toFixed(2)} %`,
    milliseconds(cell.longestGapMs),
    milliseconds(cell.p50Ms),
    milliseconds(cell.p99Ms),
    milliseconds(cell.maxMs),
    cell.attemptsPerRequest === null ? "–" : cell.attemptsPerRequest.toFixed(2),
  ];
}

function names(results: FailoverResults): string[] {
  return results.contenders.map(({ name }) => name);
}

function cellsOf(results: FailoverResults, row: Row): (CellMedian | null)[] {
  return names(results).map((name) =>
    medianOf(results.cells.find((cell) => cell.row === row.id && cell.contender === name)),
  );
}

function titleOf(row: Row): string {
  return `${row.group}: ${row.title}`;
}

function milliseconds(ms: number | null): string {
  if (ms === null) return "–";
  return `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
}
