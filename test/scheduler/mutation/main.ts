/**
 * Asks the model and each of its mutants about the same cases, until they differ. Prints one line of JSON a mutant:
 * `{belief, probes}`, with `probes` null where nothing told it from the model.
 * Usage: node test/scheduler/mutation/main.ts [PROBES]
 * @module
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generateCase } from "../generate/generate-case.ts";
import { predict } from "../predict.ts";
import type { SchedulerCase } from "../scheduler-case.ts";
import { loadMutant } from "./mutated-model.ts";
import { MUTANTS } from "./mutants.ts";

const most = Number(process.argv[2] ?? 2000);
const directory = await mkdtemp(join(tmpdir(), "tandem-mutants-"));
try {
  await hunt();
} finally {
  await rm(directory, { recursive: true });
}

async function hunt(): Promise<void> {
  let living = await Promise.all(
    MUTANTS.map(async (mutant, index) => ({ mutant, ask: await loadMutant(mutant, join(directory, `${index}`)) })),
  );
  let probes = 0;
  for (let seed = 1; probes < most && living.length > 0; seed += 1) {
    const asked = generateCase(seed, seed % 2 === 0 ? "preempt" : "probe", { nominations: true });
    const answer = JSON.stringify(predict(asked));
    probes += asked.pending.length;
    const caught = living.filter(({ ask }) => answerOf(ask, asked) !== answer);
    for (const { mutant } of caught) report(mutant.belief, mutant.file, probes);
    living = living.filter((one) => !caught.includes(one));
  }
  for (const { mutant } of living) report(mutant.belief, mutant.file, null);
}

/** A mutant that fails is told from the model, too. */
function answerOf(ask: typeof predict, asked: SchedulerCase): string {
  try {
    return JSON.stringify(ask(asked));
  } catch (error) {
    return String(error);
  }
}

function report(belief: string, file: string, probes: number | null): void {
  process.stdout.write(`${JSON.stringify({ belief, file, probes })}\n`);
}
