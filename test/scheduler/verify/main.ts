/**
 * `npm run verify:scheduler`: the model of the scheduler beside a real kube-scheduler. How: docs/assess.md.
 * @module
 */
import process from "node:process";
import { connectKube } from "../../../src/adapters/kube/index.ts";
import { KubeError } from "../../../src/adapters/kube/kube-error.ts";
import { TandemError } from "../../../src/model/errors.ts";
import { generateCase } from "../generate/generate-case.ts";
import { ClusterUnderTest } from "./cluster-under-test.ts";
import { Extender } from "./extender.ts";
import { parseOptions, USAGE, type VerifyOptions } from "./options.ts";
import { schedulerConfig } from "./scheduler-config.ts";
import { Trouble } from "./trouble.ts";
import { verifySeeds } from "./verify-seeds.ts";

const EXIT = { equal: 0, differ: 1, usage: 2, unreachable: 4 } as const;

async function main(args: readonly string[]): Promise<number> {
  const options = parseOptions(args);
  if (options === "help") {
    process.stdout.write(USAGE);
    return EXIT.equal;
  }
  if (options.printsConfig) {
    const { extender, kubeconfig, json } = options;
    process.stdout.write(
      schedulerConfig({
        json,
        ...(extender === undefined ? {} : { extender }),
        ...(kubeconfig === undefined ? {} : { kubeconfig }),
      }),
    );
    return EXIT.equal;
  }
  return await verify(options);
}

async function verify(options: VerifyOptions): Promise<number> {
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort());
  const client = await connectKube(
    options.kubeconfig === undefined ? {} : { kubeconfig: options.kubeconfig },
    "tandem-verify-scheduler",
  );
  const extender = options.extender === undefined ? undefined : await Extender.listen(options.extender);
  try {
    const cluster = await ClusterUnderTest.open(client);
    try {
      const { compared, differing } = await verifySeeds(
        { cluster, extender, ranks: options.ranks },
        {
          ...options,
          seeds: seedsFrom(options.seed, options.cases),
          generate: generateCase,
          signal: stop.signal,
          print: (line) => process.stdout.write(`${line}\n`),
        },
      );
      process.stdout.write(`${compared} compared, ${differing} differ\n`);
      return differing === 0 ? EXIT.equal : EXIT.differ;
    } finally {
      await cluster.close();
    }
  } finally {
    await extender?.close();
  }
}

function* seedsFrom(first: number, count: number): Generator<number> {
  for (let index = 0; index < count; index += 1) yield first + index;
}

function exitCodeOf(error: unknown): number {
  if (error instanceof Trouble) return EXIT[error.kind];
  if (error instanceof TandemError) return EXIT.usage;
  return error instanceof KubeError ? EXIT.unreachable : EXIT.differ;
}

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    const isTrouble = error instanceof Trouble || error instanceof KubeError || error instanceof TandemError;
    process.stderr.write(`${isTrouble ? error.message : String(error instanceof Error ? error.stack : error)}\n`);
    process.exitCode = exitCodeOf(error);
  },
);
