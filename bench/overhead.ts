/**
 * The overhead benchmark: the healthy path's latency at 1,000 requests/s and its throughput. See docs/benchmarks.md.
 * Exit code 1: wrk is missing.
 * @module
 */
import { type OverheadResults, renderOverhead } from "./overhead/results.ts";
import { measureRound, type OverheadMeasure } from "./overhead/run.ts";
import { ensureWrk, WrkMissing } from "./overhead/wrk.ts";
import { commonUsage, endWith, parseBenchOptions, saveResults } from "./rig/bench-options.ts";
import { describeMachine } from "./rig/machine.ts";
import { endRunsOnSignal } from "./rig/process-group.ts";

const reference = "static-envoy";
const pace = { latencySeconds: 5, burstSeconds: 1, bursts: 15 };
const usage = `Usage: npm run bench:overhead -- [options]
${commonUsage}`;

const options = parseBenchOptions("overhead", usage);
if (!options.contenders.some(({ name }) => name === reference)) {
  endWith([`--contenders must include ${reference}: the others are compared with it`], usage);
}
endRunsOnSignal();
await wrkOrEnd();

const startedAt = new Date().toISOString();
const machine = await describeMachine();
const measured = options.contenders.map((contender) => ({ contender, runs: [] as OverheadMeasure[] }));
for (let round = 1; round <= options.runs; round += 1) {
  const measures = await measureRound(options.contenders, reference, options, pace);
  for (const [index, { contender, runs }] of measured.entries()) {
    const measure = measures[index];
    if (measure === undefined) continue;
    runs.push(measure);
    const { p50Ms, requestsPerSecond, ratio } = measure;
    const numbers = `p50 ${p50Ms} ms  ${Math.round(requestsPerSecond)}/s  ratio ${ratio.toFixed(3)}`;
    process.stderr.write(`round ${round}  ${contender.name.padEnd(14)} ${numbers}\n`);
  }
}
const contenders = measured.map(({ contender, runs }) => ({ name: contender.name, runs }));
const results: OverheadResults = { startedAt, machine, reference, contenders };
const markdown = renderOverhead(results);
await saveResults("overhead", options, results, markdown);
process.stdout.write(`${markdown}\n`);
process.exit();

async function wrkOrEnd(): Promise<void> {
  try {
    await ensureWrk();
  } catch (error) {
    if (!(error instanceof WrkMissing)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  }
}
