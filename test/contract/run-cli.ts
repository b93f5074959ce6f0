import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

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
