import { CommandLine } from "../../src/apps/lab/load/command-line.ts";
import type { Contender } from "../contenders/contender.ts";
import { chooseContenders } from "../contenders/registry.ts";
import { replaceSection } from "./marked-section.ts";
import { readResults, writeResults } from "./results-file.ts";
import { type Topology, topologyOf } from "./topology.ts";

/** What the benchmarks are asked. */
export interface BenchOptions {
  readonly contenders: readonly Contender[];
  readonly runs: number;
  /** How often a run is repeated that other processes of the machine disturbed. */
  readonly repeats: number;
  /** JSON file of results. */
  readonly out: string;
  /** Whether results in it that are not measured anew stay. */
  readonly keep: boolean;
  /** Markdown file whose section gets the tables; null: none. */
  readonly docs: string | null;
  /** First two numbers of the addresses. */
  readonly prefix: string;
  readonly topology: Topology;
  /** Ids of rows, for those benchmarks that have rows; empty: all. */
  readonly rows: readonly string[];
}

/** Help for the common options. */
export const commonUsage = `  --contenders a,b   contenders to measure (all)
  --runs N           runs of each; medians are shown (5)
  --repeats N        how often a run that other processes disturbed is repeated (3); 0: nor waited for a quiet moment
  --out FILE         results as JSON, tables beside it as Markdown (bench/results/NAME.json)
  --keep             keep what the file already holds of other rows and contenders
  --docs FILE        Markdown file whose section "results:NAME" gets the tables
  --prefix A.B       addresses (127.30): benches side by side need different ones
`;

const text = { type: "string" } as const;
const yes = { type: "boolean" } as const;
const flags = {
  contenders: text,
  runs: text,
  repeats: text,
  rows: text,
  out: text,
  keep: yes,
  docs: text,
  prefix: text,
  help: yes,
};

/** Parses the command line of benchmark `name`; ends the process with its usage when asked or when it is wrong. */
export function parseBenchOptions(name: string, usage: string): BenchOptions {
  const line = new CommandLine(process.argv.slice(2), flags);
  const { values, problems } = line;
  const contenders = chooseContenders(listOf(values.contenders));
  if (typeof contenders === "string") problems.push(contenders);
  const prefix = values.prefix ?? "127.30";
  if (!/^127\.\d{1,3}$/.test(prefix)) problems.push(`--prefix must look like 127.30, not "${prefix}"`);
  const options: BenchOptions = {
    contenders: typeof contenders === "string" ? [] : contenders,
    runs: line.wholeNumber("runs", values.runs, [1, 99], 5),
    repeats: line.wholeNumber("repeats", values.repeats, [0, 20], 3),
    out: values.out ?? `bench/results/${name}.json`,
    keep: values.keep ?? false,
    docs: values.docs ?? null,
    prefix,
    topology: topologyOf(prefix),
    rows: listOf(values.rows),
  };
  if (values.help === true) endWith([], usage);
  if (problems.length > 0) endWith(problems, usage);
  return options;
}

/** Ends the process: with its usage, and with exit code 2 when there are problems. */
export function endWith(problems: readonly string[], usage: string): never {
  const output = problems.length > 0 ? process.stderr : process.stdout;
  output.write(`${problems.map((problem) => `${problem}\n`).join("")}${usage}`);
  process.exit(problems.length > 0 ? 2 : 0);
}

/** What the results file holds already, if it is to be kept. */
export function resultsBefore<T>({ out, keep }: BenchOptions): Promise<T | null> {
  return keep ? readResults<T>(out) : Promise.resolve(null);
}

/** Writes results to their file, and tables to the documentation if asked. */
export async function saveResults(
  name: string,
  options: BenchOptions,
  results: unknown,
  markdown: string,
): Promise<void> {
  await writeResults(options.out, results, markdown);
  if (options.docs !== null) await replaceSection(options.docs, `results:${name}`, `\n${markdown}\n`);
}

function listOf(value: string | undefined): string[] {
  return value === undefined ? [] : value.split(",");
}
