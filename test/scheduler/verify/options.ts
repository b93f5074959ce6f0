import { parseArgs } from "node:util";
import type { CaseMode } from "../scheduler-case.ts";
import { Trouble } from "./trouble.ts";

/** What is compared. */
export interface VerifyOptions {
  /** Path of a kubeconfig; needed unless only the configuration is printed. */
  readonly kubeconfig: string | undefined;
  /** Of the first case; the next ones have the next seeds. */
  readonly seed: number;
  readonly cases: number;
  readonly mode: CaseMode;
  /** `ADDRESS:PORT` to answer the scheduler at. */
  readonly extender: string | undefined;
  /** Whether the scheduler chooses among the nodes that pass. */
  readonly ranks: boolean;
  readonly printsConfig: boolean;
  /** Whether the configuration to print is for an API server that speaks JSON only. */
  readonly json: boolean;
  readonly shrinks: boolean;
}

/** How it is called. */
export const USAGE = `Usage: npm run verify:scheduler -- --kubeconfig FILE [--extender 127.0.0.1:PORT] [--seed N] [--cases C]
         [--mode probe|place|preempt] [--rank] [--shrink]
       npm run verify:scheduler -- --print-config [--extender 127.0.0.1:PORT] [--kubeconfig FILE] [--json]
  Compares the model of the scheduler with a kube-scheduler, in a cluster without nodes of its own.

  --kubeconfig FILE  the cluster, by the current context; needs the rights of a cluster administrator
  --extender PLACE   answer the scheduler here, to hear which nodes pass; without it less can be compared
  --seed N           the first case; default 1
  --cases C          how many; default 100
  --mode MODE        probe: where each pod could run (default); place: the same while pods are placed; preempt: who has to go
  --rank             let the scheduler choose by its scores among the nodes that pass; without an extender it always does
  --shrink           make each case that differs as small as possible
  --print-config     print the configuration that the scheduler needs, and end
  --json             in that configuration, for an API server that speaks JSON only

  Ends with 0: equal, 1: they differ, 2: called wrongly or a cluster that is in use, 4: no API server or no scheduler.
`;

/** Reads the command line. @throws Trouble */
export function parseOptions(args: readonly string[]): VerifyOptions | "help" {
  const values = parse(args);
  if (values.help === true) return "help";
  const { kubeconfig, extender } = values;
  const printsConfig = values["print-config"] === true;
  if (kubeconfig === undefined && !printsConfig) throw new Trouble("usage", "--kubeconfig FILE is missing");
  if (extender !== undefined && !/^[^\s/]+:\d+$/.test(extender))
    throw new Trouble("usage", `--extender ${extender} is no ADDRESS:PORT`);
  return {
    kubeconfig,
    extender,
    printsConfig,
    ranks: values.rank === true || extender === undefined,
    seed: wholeNumber("--seed", values.seed),
    cases: wholeNumber("--cases", values.cases),
    mode: modeOf(values.mode),
    json: values.json === true,
    shrinks: values.shrink === true,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        kubeconfig: { type: "string" },
        extender: { type: "string" },
        seed: { type: "string", default: "1" },
        cases: { type: "string", default: "100" },
        mode: { type: "string", default: "probe" },
        "print-config": { type: "boolean" },
        json: { type: "boolean" },
        rank: { type: "boolean" },
        shrink: { type: "boolean" },
        help: { type: "boolean" },
      },
    }).values;
  } catch (error) {
    throw new Trouble("usage", error instanceof Error ? error.message : String(error));
  }
}

function wholeNumber(option: string, text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 0) throw new Trouble("usage", `${option} ${text} is no whole number`);
  return number;
}

function modeOf(text: string): CaseMode {
  if (text === "probe" || text === "place" || text === "preempt") return text;
  throw new Trouble("usage", `--mode ${text}: there are probe, place and preempt`);
}
