import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { MUTANTS } from "./mutants.ts";

const MOST_PROBES = 2000;

test(`cases tell each of ${MUTANTS.length} wrong models from the model within ${MOST_PROBES} probes`, async () => {
  const main = join(import.meta.dirname, "main.ts");
  const { stdout } = await promisify(execFile)(process.execPath, [main, String(MOST_PROBES)]);
  const reports = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { readonly belief: string; readonly probes: number | null });
  expect(reports.filter(({ probes }) => probes === null)).toEqual([]);
  expect(reports).toHaveLength(MUTANTS.length);
}, 300_000);
