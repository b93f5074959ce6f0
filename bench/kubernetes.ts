/**
 * The benchmark in clusters: what is lost when all pods of a Service die, and what a large cluster costs. See
 * docs/benchmarks.md. Exit code 1: at least one run could not be measured.
 * @module
 */
import { type DeadGatewayMeasure, deadGatewayRows, measureDeadGateway } from "./kubernetes/dead-gateway-run.ts";
import { type FailoverMeasure, measureFailover } from "./kubernetes/failover-run.ts";
import { type KubernetesResults, mergeKubernetes, renderKubernetes } from "./kubernetes/results.ts";
import { rows } from "./kubernetes/rows.ts";
import { measureScale, type ScaleMeasure } from "./kubernetes/scale-run.ts";
import { endWith, parseBenchOptions, resultsBefore, saveResults } from "./rig/bench-options.ts";
import { describeMachine } from "./rig/machine.ts";
import { endRunsOnSignal } from "./rig/process-group.ts";

const scaleRow = "scale";
const deadGatewayRow = "dead-gateway";
const ids = [...rows.map(({ id }) => id), deadGatewayRow, scaleRow];
const scale = { services: 5000, podsEach: 5, protected: 500 };
const usage = `Usage: npm run bench:kubernetes -- [options]
  --rows a,b         what to measure (all): ${ids.join(", ")}; scale is run once however many runs are asked for
  --runs N           runs of each; medians are shown (5)
  --repeats N        how often a run that other processes disturbed is repeated (3); 0: nor waited for a quiet moment
  --out FILE         results as JSON, tables beside it as Markdown (bench/results/kubernetes.json)
  --keep             keep what the file already holds of other rows
  --docs FILE        Markdown file whose section "results:kubernetes" gets the tables
  --prefix A.B       addresses (127.30): benches side by side need different ones
Example: npm run bench:kubernetes -- --rows gateway,direct --runs 1
`;

const options = parseBenchOptions("kubernetes", usage);
const unknown = options.rows.filter((id) => !ids.includes(id));
if (unknown.length > 0) endWith([`--rows: there is no ${unknown.join(", ")}; choose of ${ids.join(", ")}`], usage);
endRunsOnSignal();
const chosen = options.rows.length === 0 ? ids : options.rows;
const before = await resultsBefore<KubernetesResults>(options);
const [startedAt, machine] = [new Date().toISOString(), await describeMachine()];
const failover: Record<string, FailoverMeasure[]> = {};
const deadGateway: DeadGatewayMeasure[] = [];
const large: ScaleMeasure[] = [];

for (let run = 1; run <= options.runs; run += 1) {
  // Rows take turns, so that a busy minute of the machine meets all of them.
  for (const row of rows.filter(({ id }) => chosen.includes(id))) {
    const measure = await tryMeasure(row.id, () => measureFailover(row, options));
    if (measure === undefined) continue;
    (failover[row.id] ??= []).push(measure);
    process.stdout.write(`${row.id.padEnd(12)} ${JSON.stringify(measure)}\n`);
  }
  for (const row of chosen.includes(deadGatewayRow) ? deadGatewayRows : []) {
    const measure = await tryMeasure(deadGatewayRow, () => measureDeadGateway(row, options));
    if (measure === undefined) continue;
    deadGateway.push(measure);
    process.stdout.write(`${deadGatewayRow} ${JSON.stringify(measure)}\n`);
  }
  await save();
}
if (chosen.includes(scaleRow)) {
  const measure = await tryMeasure(scaleRow, () => measureScale(scale, options));
  if (measure !== undefined) large.push(measure);
}
process.stdout.write(`${await save()}\n`);
process.exit();

async function save(): Promise<string> {
  const results = mergeKubernetes(before, { startedAt, machine, failover, deadGateway, scale: large });
  const markdown = renderKubernetes(results);
  await saveResults("kubernetes", options, results, markdown);
  return markdown;
}

/** Undefined: it could not be measured, which was said. */
async function tryMeasure<T>(what: string, measure: () => Promise<T>): Promise<T | undefined> {
  try {
    return await measure();
  } catch (error) {
    process.stderr.write(`${what}: ${error instanceof Error ? error.stack : String(error)}\n`);
    process.exitCode = 1;
    return undefined;
  }
}
