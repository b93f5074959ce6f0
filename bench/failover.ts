/**
 * The failover benchmark: each fault with each contender, 1,000 requests a second, open loop. See docs/benchmarks.md.
 * @module
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { CommandLine } from "../src/apps/lab/load/command-line.ts";
import { chooseContenders } from "./contenders/registry.ts";
import { type Cell, type FailoverResults, medianOf, mergeResults } from "./failover/results.ts";
import { chooseRows, rows } from "./failover/rows.ts";
import { measureRow, type RunMeasure } from "./failover/run.ts";
import { renderCell, renderFailover } from "./failover/tables.ts";
import { describeMachine } from "./rig/machine.ts";
import { replaceSection } from "./rig/marked-section.ts";
import { endGroupsOnExit } from "./rig/process-group.ts";
import { topologyOf } from "./rig/topology.ts";

const usage = `Usage: npm run bench:failover -- [options]
  --rows a,b         rows to measure (all): ${rows.map(({ id }) => id).join(", ")}
  --contenders a,b   contenders to measure (all)
  --runs N           runs of each; medians are shown (5)
  --out FILE         results as JSON (bench-results/failover.json); cells of earlier runs in it stay
  --docs FILE        Markdown file whose section "results:failover" gets the tables
  --prefix A.B       addresses (127.30): benches side by side need different ones
`;

const text = { type: "string" } as const;
const line = new CommandLine(process.argv.slice(2), {
  rows: text,
  contenders: text,
  runs: text,
  out: text,
  docs: text,
  prefix: text,
  help: { type: "boolean" },
});
const { values, problems } = line;
const chosenRows = orProblem(chooseRows(split(values.rows)));
const chosenContenders = orProblem(chooseContenders(split(values.contenders)));
const runs = line.wholeNumber("runs", values.runs, [1, 99], 5);
const out = values.out ?? "bench-results/failover.json";

if (values.help === true || problems.length > 0) {
  process.stderr.write(`${problems.map((problem) => `${problem}\n`).join("")}${usage}`);
  process.exit(problems.length > 0 ? 2 : 0);
}
endGroupsOnExit();
const topology = topologyOf(values.prefix ?? "127.30");
const startedAt = new Date().toISOString();
const machine = await describeMachine();
const cells: Cell[] = [];
for (const row of chosenRows) {
  const measured = new Map<string, RunMeasure[]>(chosenContenders.map(({ name }) => [name, []]));
  // Contenders take turns, so that a busy minute of the machine meets all of them.
  for (let run = 0; run < runs; run += 1) {
    for (const contender of chosenContenders) {
      const measure = await measureRow(row, contender, topology);
      if (measure !== null) measured.get(contender.name)?.push(measure);
    }
  }
  for (const [contender, measures] of measured) {
    const cell: Cell = { row: row.id, contender, runs: measures };
    cells.push(cell);
    process.stdout.write(`${renderCell(row, contender, medianOf(cell))}\n`);
  }
  // After each row: what was measured for hours must survive whatever comes next.
  await save();
}
process.exit(0);

async function save(): Promise<void> {
  const described = chosenContenders.map(({ name, description }) => ({ name, description }));
  const results = mergeResults(await readResults(out), { startedAt, machine, runs, contenders: described, cells });
  await mkdirOf(out);
  await writeFile(out, `${JSON.stringify(results, null, 1)}\n`);
  const markdown = renderFailover(results);
  await writeFile(out.replace(/(\.json)?$/, ".md"), `${markdown}\n`);
  if (values.docs !== undefined) await replaceSection(values.docs, "results:failover", `\n${markdown}\n`);
}

async function readResults(path: string): Promise<FailoverResults | null> {
  try {
    return JSON.parse(await readFile(path, "utf8")) as FailoverResults;
  } catch {
    return null;
  }
}

async function mkdirOf(path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
}

function split(list: string | undefined): string[] {
  return list === undefined ? [] : list.split(",");
}

function orProblem<T>(chosen: T | string): T {
  if (typeof chosen !== "string") return chosen;
  problems.push(chosen);
  return [] as T;
}
