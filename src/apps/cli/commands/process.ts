/**
 * What the long-running processes are given: time and a log.
 * @module
 */
import { Option } from "commander";
import type { Logger } from "../../../ports/logger.ts";

/** Longest time a timer of Node can be set to, in milliseconds; longer ones would fire at once. */
const LONGEST_TIMER_MS = 2_147_483_647;

/** Calls `run` after `ms` milliseconds unless the returned function is called before. */
export function processTimer(ms: number, run: () => void): () => void {
  const handle = setTimeout(run, Math.min(ms, LONGEST_TIMER_MS));
  return () => clearTimeout(handle);
}

/** What is logged. */
export function logLevelOption(): Option {
  return new Option("--log-level <level>", "what is logged: events of this level and above")
    .choices(["debug", "info", "warn", "error"])
    .default("info");
}

/** A log of JSON lines on standard output. */
export async function processLogger(level: string): Promise<Logger> {
  const { default: pino } = await import("pino");
  const sink = pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime, messageKey: "event" });
  return {
    info: (event, fields) => sink.info(fields ?? {}, event),
    warn: (event, fields) => sink.warn(fields ?? {}, event),
    error: (event, fields) => sink.error(fields ?? {}, event),
  };
}
