import { type Command, CommanderError } from "commander";
import { EXIT } from "../../model/errors.ts";
import { printError } from "./output.ts";

/** How every help ends. */
export const EXIT_CODES =
  "\nExit codes: 0 done, 1 failed, 2 wrong usage, 3 environment, 4 nothing answers, 5 invalid input, 6 timed out.";

/** Runs what was typed; errors end it with an exit code of their own kind, not with commander's. */
export async function runProgram(program: Command, argv: readonly string[]): Promise<void> {
  exitQuietly(program);
  try {
    await program.parseAsync(argv, { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    else process.exitCode = printError(error);
  }
}

function exitQuietly(command: Command): void {
  command.exitOverride();
  for (const child of command.commands) exitQuietly(child);
}
