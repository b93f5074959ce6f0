import { InvalidArgumentError, Option } from "commander";
import { parseDuration } from "../../../model/duration.ts";
import { TandemError } from "../../../model/errors.ts";
import { statePaths } from "../../../adapters/state/state-directory.ts";
import { OUTPUTS } from "../output.ts";

/** `-o, --output`. */
export const outputOption = (): Option =>
  new Option("-o, --output <form>", "form of the output").choices(OUTPUTS).default("text");

/** `--state`: which gateway a command is about. */
export const stateOption = (): Option =>
  new Option("--state <dir>", "state directory of the gateway")
    .env("TANDEM_STATE")
    .default("/var/lib/tandem", "/var/lib/tandem");

/** Socket of the agent of a state directory. */
export function agentSocket(state: string): string {
  return statePaths(state).localSocket;
}

/** An argument such as `10m`, longer than no time, as milliseconds. */
export function durationArgument(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined)
    throw new InvalidArgumentError(
      "Write a number with its unit, one of ms, s, m and h, for example 90s or 10m; ten years at most.",
    );
  if (ms === 0) throw new InvalidArgumentError("It must be longer than 0s.");
  return ms;
}

/** An argument that is a whole number between two. */
export function countArgument(least: number, most: number): (text: string) => number {
  return (text) => {
    const count = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (count >= least && count <= most) return count;
    throw new InvalidArgumentError(`Write a whole number from ${least} to ${most}.`);
  };
}

/** An argument `key=value` that is given once for each label. */
export function labelArgument(text: string, before: Record<string, string>): Record<string, string> {
  const [key, value] = text.split("=");
  if (key === undefined || key === "" || value === undefined) throw new InvalidArgumentError("write key=value");
  return { ...before, [key]: value };
}

/**
 * Ends a command whose arguments are wrong, with all that is wrong with them.
 * @throws TandemError InvalidArgument when there is a problem
 */
export function refuseProblems(problems: readonly string[]): void {
  if (problems.length > 0) throw new TandemError("InvalidArgument", problems.join("\n  "));
}
