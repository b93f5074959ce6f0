import { InvalidArgumentError, Option } from "commander";
import { parseDuration } from "../../../model/duration.ts";
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

/** An argument such as `10m`, as milliseconds. */
export function durationArgument(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined) throw new InvalidArgumentError("write for example 90s or 10m");
  return ms;
}

/** An argument that is a whole number from 1. */
export function countArgument(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1) throw new InvalidArgumentError("write a whole number from 1");
  return count;
}
