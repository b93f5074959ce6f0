import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import { Command, Option } from "commander";
import { VERSION } from "../version.ts";
import { clusterOptions, type ClusterOptions, clusterSource } from "./cluster-options.ts";
import { stateOption } from "./options.ts";
import { processLogger, logLevelOption, processTimer } from "./process.ts";

/** kube-proxies may take some seconds for a change, and clients for a good-bye. In milliseconds. */
const DRAIN_MS = 10_000;

/** `tandem controller`. */
export function controllerCommand(): Command {
  const command = new Command("controller").description(
    "Run a replica of a cluster's controller: writes Services and EndpointSlices",
  );
  for (const option of clusterOptions()) command.addOption(option);
  return command
    .addOption(stateOption())
    .addOption(new Option("--namespace <name>", "namespace of Tandem's own objects").default("tandem-system"))
    .addOption(logLevelOption())
    .addHelpText(
      "after",
      `
Examples:
  tandem controller --kubeconfig ~/.kube/config --context west --state ./controller-1
  tandem controller --in-cluster --state /var/lib/tandem`,
    )
    .action(async (options: ClusterOptions & { state: string; namespace: string; logLevel: string }) => {
      const [{ Controller }, { connectKube }] = await Promise.all([
        import("../../controller/index.ts"),
        import("../../../adapters/kube/index.ts"),
      ]);
      const controller = await Controller.start({
        client: await connectKube(clusterSource(options), `tandem-controller/${VERSION}`),
        stateDirectory: options.state,
        namespace: options.namespace,
        drainMs: DRAIN_MS,
        identity: `${hostname()}-${randomBytes(4).toString("hex")}`,
        clock: { now: () => Date.now(), after: processTimer },
        monotonic: () => performance.now(),
        random: () => Math.random(),
        log: await processLogger(options.logLevel),
      });
      const stop = (): void => void controller.close().then(() => process.exit(0));
      process.once("SIGTERM", stop);
      process.once("SIGINT", stop);
    });
}
