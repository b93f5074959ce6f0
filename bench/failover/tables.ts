/**
 * Results as Markdown and as plain text.
 * @module
 */
import { sentenceOf } from "../rig/machine.ts";
import { table } from "../rig/markdown.ts";
import { contenders } from "../contenders/registry.ts";
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
        ...cellsOf(results, row).map((cell) => (cell === null ? "n/a" : cell === undefined ? "" : show(cell))),
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

/** One line of plain text for one cell, as it is measured; null: n/a. */
export function renderCell(row: Row, contender: string, cell: CellMedian | null): string {
  const start = `${row.id.padEnd(22)} ${contender.padEnd(14)}`;
  if (cell === null) return `${start} n/a`;
  const values = lineOf(row, contender, cell).slice(2);
  const labels = ["failed", "share", "gap", "p50", "p99", "max", "attempts"];
  return `${start} ${values.map((value, index) => `${labels[index]} ${value}`).join("  ")}`;
}

function fullLines(results: FailoverResults, row: Row): string[][] {
  return cellsOf(results, row).flatMap((cell, index) =>
    cell === null || cell === undefined ? [] : [lineOf(row, names(results)[index] ?? "", cell)],
  );
}

function lineOf(row: Row, contender: string, cell: CellMedian): string[] {
  return [
    titleOf(row),
    contender,
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
  const all = contenders.map(({ name }) => name);
  return results.contenders.map(({ name }) => name).sort((left, right) => all.indexOf(left) - all.indexOf(right));
}

/** One for each contender; null: the row does not apply to it; undefined: not measured. */
function cellsOf(results: FailoverResults, row: Row): (CellMedian | null | undefined)[] {
  return names(results).map((name) => {
    const cell = results.cells.find((one) => one.row === row.id && one.contender === name);
    return cell === undefined ? undefined : medianOf(cell);
  });
}

function titleOf(row: Row): string {
  return `${row.group}: ${row.title}`;
}

function milliseconds(ms: number | null): string {
  if (ms === null) return "–";
  return `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
}
