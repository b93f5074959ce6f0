import { readFile } from "node:fs/promises";
import { Command, Option } from "commander";
import { TandemError } from "../../../model/errors.ts";
import { GATEWAY_DEFAULTS, runGateway, untilSetUp, writeBootstrap } from "../../gateway/index.ts";
import { type OutputForm, printResult } from "../output.ts";
import { countArgument, durationArgument, outputOption, stateOption } from "./options.ts";

/** `tandem gateway`. */
export function gatewayCommand(): Command {
  return new Command("gateway")
    .description("Set up and run one gateway")
    .addCommand(enrol())
    .addCommand(bootstrap())
    .addCommand(run());
}

function enrol(): Command {
  return new Command("enrol")
    .description("Make this machine a further gateway of a site")
    .argument("<token-file>", "file with the token, or - for standard input")
    .addOption(stateOption())
    .addOption(outputOption())
    .addHelpText(
      "after",
      "\nExamples:\n  tandem token create --gateway west-2 --state /var/lib/tandem --out west-2.token   # on the first gateway\n  tandem gateway enrol west-2.token --state /var/lib/tandem",
    )
    .action(async (file: string, options: { state: string; output: OutputForm }) => {
      const { enrolGateway } = await import("../enrolment.ts");
      const names = await enrolGateway(options.state, await readSecret(file));
      printResult(names, options.output, () =>
        [
          `${names.gateway} is a gateway of ${names.site} now`,
          "",
          "Next:",
          `  tandem agent --site DIR --state ${options.state}`,
          `  tandem gateway run --state ${options.state}`,
        ].join("\n"),
      );
    });
}

function bootstrap(): Command {
  return limits(new Command("bootstrap").description("Write Envoy's bootstrap and print its path"))
    .addOption(stateOption())
    .addHelpText("after", "\nExamples:\n  envoy -c $(tandem gateway bootstrap --state /var/lib/tandem)")
    .action(async (options: { state: string; maxHeap: number; maxConnections: number }) => {
      const path = await writeBootstrap({
        stateDirectory: options.state,
        maxHeapBytes: options.maxHeap * MIB,
        maxConnections: options.maxConnections,
      });
      process.stdout.write(`${path}\n`);
    });
}

function run(): Command {
  return limits(new Command("run").description("Run Envoy in the foreground; SIGTERM drains it first"))
    .addOption(stateOption())
    .option("--concurrency <threads>", "worker threads; one a core if not given", countArgument(1, 256))
    .addOption(
      new Option(
        "--notice <duration>",
        "how long clients get to go elsewhere when it drains; kube-proxies take seconds",
      )
        .argParser(durationArgument)
        .default(GATEWAY_DEFAULTS.noticeMs, "2s"),
    )
    .option("--wait", "wait for the agent to set the state directory up, as in a cluster's pods", false)
    .addHelpText("after", "\nExamples:\n  tandem gateway run --state /var/lib/tandem")
    .action(async (options: RunOptions) => {
      const say = (text: string): void => void process.stderr.write(`${text}\n`);
      if (options.wait) await untilSetUp(options.state, say);
      process.exitCode = await runGateway({
        stateDirectory: options.state,
        concurrency: options.concurrency,
        maxHeapBytes: options.maxHeap * MIB,
        maxConnections: options.maxConnections,
        noticeMs: options.notice,
        environment: process.env,
        say,
      });
    });
}

interface RunOptions {
  readonly state: string;
  readonly maxHeap: number;
  readonly maxConnections: number;
  readonly concurrency?: number;
  /** Milliseconds. */
  readonly notice: number;
  readonly wait: boolean;
}

const MIB = 1024 * 1024;

/** With less than this Envoy itself, without one request, would be over its limit and refuse everything. */
const LEAST_HEAP_MIB = 64;

/** 16 TiB: more is a typing error. */
const MOST_HEAP_MIB = 16 * 1024 * 1024;

function limits(command: Command): Command {
  return command
    .option(
      "--max-heap <MiB>",
      "heap at which requests are refused",
      countArgument(LEAST_HEAP_MIB, MOST_HEAP_MIB),
      GATEWAY_DEFAULTS.maxHeapBytes / MIB,
    )
    .option(
      "--max-connections <count>",
      "connections from clients and peers together",
      countArgument(1, 10_000_000),
      GATEWAY_DEFAULTS.maxConnections,
    );
}

/**
 * Reads a secret from a file or standard input: as an argument every user of the machine could see it.
 * @throws TandemError InvalidArgument when the file cannot be read
 */
export async function readSecret(file: string): Promise<string> {
  if (file !== "-")
    return readFile(file, "utf8").catch((error: unknown) => {
      throw new TandemError(
        "InvalidArgument",
        `the token file ${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
        {
          remedy:
            "Name the file that `tandem token create --out FILE` wrote, or - to read the token from standard input",
          cause: error,
        },
      );
    });
  const chunks = await process.stdin.toArray();
  return Buffer.concat(chunks as Buffer[]).toString("utf8");
}
