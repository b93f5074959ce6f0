import { type ParseArgsConfig, parseArgs } from "node:util";
import { parseDuration } from "../../../model/duration.ts";

type Flags = NonNullable<ParseArgsConfig["options"]>;
type FlagValues<T extends Flags> = ReturnType<typeof parseArgs<{ options: T; strict: true }>>["values"];

/** A command line that is read once; every problem found in it is collected, so that all are shown together. */
export class CommandLine<T extends Flags> {
  /** Values as they were typed; empty when the command line could not be read at all. */
  readonly values: Partial<FlagValues<T>>;
  /** What is wrong, one sentence each. */
  readonly problems: string[] = [];

  constructor(args: readonly string[], flags: T) {
    let values: Partial<FlagValues<T>> = {};
    try {
      values = parseArgs({ args: [...args], options: flags, strict: true }).values;
    } catch (error) {
      this.problems.push(error instanceof Error ? error.message : String(error));
    }
    this.values = values;
  }

  /** Milliseconds of a duration such as 250ms, 2s or 1m; `otherwise` when it was not given. */
  duration(flag: string, text: string | undefined, otherwise: number): number {
    if (text === undefined) return otherwise;
    const ms = parseDuration(text);
    if (ms === undefined) this.problems.push(`--${flag} must be a duration such as 250ms, 2s or 1m, not "${text}"`);
    return ms ?? otherwise;
  }

  /** A whole number from `range[0]` to `range[1]`; `otherwise` when it was not given. */
  wholeNumber(flag: string, text: string | undefined, range: readonly [number, number], otherwise: number): number {
    if (text === undefined) return otherwise;
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (value >= range[0] && value <= range[1]) return value;
    this.problems.push(`--${flag} must be a whole number from ${range[0]} to ${range[1]}, not "${text}"`);
    return otherwise;
  }
}
