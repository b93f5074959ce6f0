/**
 * The load generator as a process. Standard output: one JSON object a line ({@link LoadLine}), the last one the
 * summary. Exit code 2: the command line is wrong; 0 otherwise, whatever was lost: who started it decides.
 */
import process from "node:process";
import { createInterface } from "node:readline";
import type { LoadLine } from "./lines.ts";
import { isAddress, type LoadOptions, loadUsage, parseLoadOptions } from "./options.ts";
import { type LoadRun, startLoad } from "./run.ts";
import type { LoadClock } from "./schedule.ts";

const clock: LoadClock = {
  now: () => performance.now(),
  after: (ms, then) => {
    const timer = setTimeout(then, ms);
    return () => clearTimeout(timer);
  },
};

async function main(args: readonly string[]): Promise<void> {
  if (args.includes("--help")) {
    process.stdout.write(loadUsage);
    return;
  }
  const options = parseLoadOptions(args);
  if (Array.isArray(options)) {
    process.stderr.write(`${options.join("\n")}\n\n${loadUsage}`);
    process.exitCode = 2;
    return;
  }
  const run = startLoad(options, clock, print);
  process.on("SIGTERM", run.stop);
  process.on("SIGINT", run.stop);
  listenToParent(options, run);
  const summary = await run.summary;
  // Exit only when the pipe took the summary: it is the one line that must not be cut.
  process.stdout.write(render(summary), () => process.exit(0));
}

function listenToParent(options: LoadOptions, run: LoadRun): void {
  if (!options.controlStdin && !options.dieWithParent) return;
  const lines = createInterface({ input: process.stdin });
  if (options.controlStdin) lines.on("line", (line) => obey(line, run));
  if (options.dieWithParent) lines.on("close", () => process.exit(0));
}

function obey(line: string, run: LoadRun): void {
  const targets = parseTargets(line);
  if (targets === null) process.stderr.write(`not understood: ${line}; expected {"targets":["ADDR:PORT", ...]}\n`);
  else run.retarget(targets);
}

function parseTargets(line: string): string[] | null {
  try {
    const { targets } = JSON.parse(line) as { targets?: unknown };
    return Array.isArray(targets) && targets.every((target) => typeof target === "string" && isAddress(target))
      ? targets
      : null;
  } catch {
    return null;
  }
}

function print(line: LoadLine): void {
  process.stdout.write(render(line));
}

/** Six digits are a microsecond, and one lost request among a million; further ones only cost the reader. */
function render(line: LoadLine): string {
  const rounded = (_key: string, value: unknown): unknown =>
    typeof value === "number" ? Math.round(value * 1e6) / 1e6 : value;
  return `${JSON.stringify(line, rounded)}\n`;
}

await main(process.argv.slice(2));
