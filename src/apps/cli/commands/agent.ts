import { readdirSync } from "node:fs";
import { constants, setPriority } from "node:os";
import { Command, Option } from "commander";
import type { Logger } from "../../../ports/logger.ts";
import { VERSION } from "../version.ts";
import { stateOption } from "./options.ts";

/** `tandem agent`. */
export function agentCommand(): Command {
  return new Command("agent")
    .description("Run the agent of one gateway: programs Envoy, talks to other agents")
    .requiredOption("--site <dir>", "directory of the site's manifests")
    .addOption(stateOption())
    .addOption(
      new Option("--log-level <level>", "what is logged: events of this level and above")
        .choices(["debug", "info", "warn", "error"])
        .default("info"),
    )
    .addHelpText("after", "\nExamples:\n  tandem agent --site ./west --state /var/lib/tandem")
    .action(async (options: { site: string; state: string; logLevel: string }) => {
      // Loaded only here: other commands should start at once.
      const { startAgent } = await import("../../agent/index.ts");
      yieldToEnvoy();
      const agent = await startAgent({
        siteDirectory: options.site,
        stateDirectory: options.state,
        version: VERSION,
        clock: { now: () => Date.now(), after: timer },
        log: await logger(options.logLevel),
        random: () => Math.random(),
      });
      const stop = (): void => void agent.close().then(() => process.exit(0));
      process.once("SIGTERM", stop);
      process.once("SIGINT", stop);
    });
}

/**
 * Requests come before decisions: where Envoy and agent share processors, an agent that computes while a service dies
 * must not hold up the retries that save its requests. Every thread counts, those of the collector above all.
 */
function yieldToEnvoy(): void {
  try {
    for (const thread of readdirSync("/proc/self/task"))
      setPriority(Number(thread), constants.priority.PRIORITY_BELOW_NORMAL);
  } catch {
    // Not everywhere are threads listed there, and nothing depends on it.
  }
}

/** Longest time a timer of Node can be set to, in milliseconds; longer ones would fire at once. */
const LONGEST_TIMER_MS = 2_147_483_647;

function timer(ms: number, run: () => void): () => void {
  const handle = setTimeout(run, Math.min(ms, LONGEST_TIMER_MS));
  return () => clearTimeout(handle);
}

async function logger(level: string): Promise<Logger> {
  const { default: pino } = await import("pino");
  const sink = pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime, messageKey: "event" });
  return {
    info: (event, fields) => sink.info(fields ?? {}, event),
    warn: (event, fields) => sink.warn(fields ?? {}, event),
    error: (event, fields) => sink.error(fields ?? {}, event),
  };
}
