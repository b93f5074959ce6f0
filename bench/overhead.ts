/**
 * The overhead benchmark: the healthy path's latency at 1,000 requests/s and its throughput. See docs/benchmarks.md.
 * Exit code 1: wrk is missing, or at least one round could not be measured.
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
const measured = options.contenders.map((contender) => ({ name: contender.name, runs: [] as OverheadMeasure[] }));
for (let round = 1; round <= options.runs; round += 1) {
  const measures = await tryRound(round);
  for (const [index, { name, runs }] of measured.entries()) {
    const measure = measures[index];
    if (measure === undefined) continue;
    runs.push(measure);
    const { p50Ms, requestsPerSecond, ratio } = measure;
    const numbers = `p50 ${p50Ms} ms  ${Math.round(requestsPerSecond)}/s  ratio ${ratio.toFixed(3)}`;
    process.stderr.write(`round ${round}  ${name.padEnd(14)} ${numbers}\n`);
  }
  const results: OverheadResults = { startedAt, machine, reference, contenders: measured };
  const markdown = renderOverhead(results);
  // After each round: what was measured must survive whatever comes next.
  await saveResults("overhead", options, results, markdown);
  if (round === options.runs) process.stdout.write(`${markdown}\n`);
}
process.exit();

/** Empty: it could not be measured, which was said. */
async function tryRound(round: number): Promise<readonly OverheadMeasure[]> {
  try {
    return await measureRound(options.contenders, reference, options, pace);
  } catch (error) {
    process.stderr.write(`round ${round}: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
    return [];
  }
}

async function wrkOrEnd(): Promise<void> {
  try {
    await ensureWrk();
  } catch (error) {
    if (!(error instanceof WrkMissing)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  }
}
