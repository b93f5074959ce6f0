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
  const drafts = contenders.map((contender) => ({ contender, runs: [] as RunMeasure[], failed: 0 }));
  // Contenders take turns, so that a busy minute of the machine meets all of them.
  for (let run = 0; run < options.runs; run += 1) {
    for (const draft of drafts) {
      const measure = await tryMeasure(row, draft.contender);
      if (measure === undefined) draft.failed += 1;
      else if (measure !== null) draft.runs.push(measure);
    }
  }
  return drafts.flatMap(({ contender: { name }, runs, failed }) => {
    // Without a cell a row is shown as not measured, and not as one that does not apply.
    if (failed > 0 && runs.length === 0) return [];
    const cell: Cell = { row: row.id, contender: name, runs };
    process.stdout.write(`${renderCell(row, name, medianOf(cell))}\n`);
    return [cell];
  });
}

/** Null: the row does not apply; undefined: it could not be measured, which was said. */
async function tryMeasure(row: Row, contender: Contender): Promise<RunMeasure | null | undefined> {
  try {
    return await measureRow(row, contender, options);
  } catch (error) {
    process.stderr.write(`${row.id}, ${contender.name}: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
    return undefined;
  }
}
