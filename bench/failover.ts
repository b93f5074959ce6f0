/**
 * The failover benchmark: each fault with each contender, 1,000 requests a second, open loop. See docs/benchmarks.md.
 * Exit code 1: at least one run could not be measured.
 * @module
 */
import type { Contender } from "./contenders/contender.ts";
import { type Cell, type FailoverResults, medianOf, mergeResults } from "./failover/results.ts";
import type { Row } from "./failover/row.ts";
import { chooseRows, rows } from "./failover/rows.ts";
import { measureRow, type RunMeasure } from "./failover/run.ts";
import { renderCell, renderFailover } from "./failover/tables.ts";
import { commonUsage, endWith, parseBenchOptions, resultsBefore, saveResults } from "./rig/bench-options.ts";
import { describeMachine } from "./rig/machine.ts";
import { endRunsOnSignal } from "./rig/process-group.ts";

const usage = `Usage: npm run bench:failover -- [options]
  --rows a,b         rows to measure (all): ${rows.map(({ id }) => id).join(", ")}
${commonUsage}`;

const options = parseBenchOptions("failover", usage);
const chosen = chooseRows(options.rows);
if (typeof chosen === "string") endWith([chosen], usage);
endRunsOnSignal();

const before = await resultsBefore<FailoverResults>(options);
const startedAt = new Date().toISOString();
const machine = await describeMachine();
const cells: Cell[] = [];
for (const row of chosen) {
  cells.push(...(await measureCells(row, options.contenders)));
  const contenders = options.contenders.map(({ name, description }) => ({ name, description }));
  const results = mergeResults(before, { startedAt, machine, runs: options.runs, contenders, cells });
  // After each row: what was measured for hours must survive whatever comes next.
  await saveResults("failover", options, results, renderFailover(results));
}
process.exit();

async function measureCells(row: Row, contenders: readonly Contender[]): Promise<Cell[]> {
  const measures = contenders.map((): RunMeasure[] => []);
  // Contenders take turns, so that a busy minute of the machine meets all of them.
  for (let run = 0; run < options.runs; run += 1) {
    for (const [index, contender] of contenders.entries()) {
      const measure = await tryMeasure(row, contender);
      if (measure !== null) measures[index]?.push(measure);
    }
  }
  return contenders.map(({ name }, index) => {
    const cell: Cell = { row: row.id, contender: name, runs: measures[index] ?? [] };
    process.stdout.write(`${renderCell(row, name, medianOf(cell))}\n`);
    return cell;
  });
}

async function tryMeasure(row: Row, contender: Contender): Promise<RunMeasure | null> {
  try {
    return await measureRow(row, contender, options);
  } catch (error) {
    process.stderr.write(`${row.id}, ${contender.name}: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
    return null;
  }
}
