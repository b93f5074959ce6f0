import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import type { Command } from "commander";
import { vi } from "vitest";
import { printError } from "../../src/apps/cli/output.ts";
import { EXIT } from "../../src/model/errors.ts";

const APPS = { tandem: "main.ts", "kubectl tandem": "kubectl-main.ts" } as const;

/** What a command printed, and how it ended. */
export interface CliRun {
  readonly exit: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a command as a person does. */
export async function runCli(
  typed: keyof typeof APPS,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<CliRun> {
  const child = spawn(
    process.execPath,
    [fileURLToPath(new URL(`../../src/apps/cli/${APPS[typed]}`, import.meta.url)), ...args],
    {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, ...env },
    },
  );
  const [out, err, [exit]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
  return { exit: exit as number, out, err };
}

/** Runs a command within this process, as src/apps/cli/main.ts does: a process for each would take seconds. */
export async function runWithin(command: Command, args: readonly string[]): Promise<CliRun> {
  const [out, err] = [captured(process.stdout), captured(process.stderr)];
  let exit: number = EXIT.ok;
  try {
    await command.exitOverride().parseAsync(args, { from: "user" });
  } catch (error) {
    exit = printError(error);
  }
  return { exit, out: out(), err: err() };
}

/** All that `--help` prints of a command. */
export function helpOf(command: Command): string {
  let text = "";
  command.configureOutput({ writeOut: (part) => (text += part) }).outputHelp();
  return text;
}

/** Takes what is written to a stream until it is asked for. */
function captured(stream: NodeJS.WriteStream): () => string {
  const spy = vi.spyOn(stream, "write").mockReturnValue(true);
  return () => {
    const text = spy.mock.calls.map(([chunk]) => String(chunk)).join("");
    spy.mockRestore();
    return text;
  };
}
