/**
 * The control plane's benchmark: how quickly a changed endpoint is in force among many services. See docs/benchmarks.md.
 * @module
 */
import { parseBenchOptions, saveResults } from "./rig/bench-options.ts";
import { describeMachine } from "./rig/machine.ts";
import { endRunsOnSignal } from "./rig/process-group.ts";
import { renderXds, type XdsResults } from "./xds/results.ts";
import { measureXds, type XdsMeasure } from "./xds/run.ts";

const scale = { services: 1000, changes: 500 };
const usage = `Usage: npm run bench:xds -- [options]
  --runs N           runs; medians are shown (5)
  --repeats N        how often a run that other processes disturbed is repeated (3); 0: nor waited for a quiet moment
  --out FILE         results as JSON, tables beside it as Markdown (bench/results/xds.json)
  --docs FILE        Markdown file whose section "results:xds" gets the tables
  --prefix A.B       addresses (127.30): benches side by side need different ones
`;

const options = parseBenchOptions("xds", usage);
endRunsOnSignal();
const startedAt = new Date().toISOString();
const machine = await describeMachine();
const runs: XdsMeasure[] = [];
for (let run = 1; run <= options.runs; run += 1) {
  runs.push(await measureXds(scale, options));
  const results: XdsResults = { startedAt, machine, scale, runs };
  const markdown = renderXds(results);
  await saveResults("xds", options, results, markdown);
  process.stdout.write(`run ${run} of ${options.runs}\n${markdown}\n`);
}
process.exit();
