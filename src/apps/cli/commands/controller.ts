import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import { createServer } from "node:http";
import { Command, InvalidArgumentError } from "commander";
import { TandemError } from "../../../model/errors.ts";
import type { KubeClient } from "../../../adapters/kube/index.ts";
import { VERSION } from "../version.ts";
import { clusterOptions, type ClusterOptions, clusterSource, namespaceOption } from "./cluster-options.ts";
import { stateOption } from "./options.ts";
import { processLogger, logLevelOption, processTimer } from "./process.ts";

/** kube-proxies may take some seconds for a change, and clients for a good-bye. In milliseconds. */
const DRAIN_MS = 10_000;

interface ControllerCommandOptions extends ClusterOptions {
  readonly site?: string;
  readonly state: string;
  readonly namespace: string;
  readonly probeAddress?: { readonly host: string; readonly port: number };
  readonly logLevel: string;
}

/** Kubelets bring no certificate, and learn nothing but that the process is there. */
async function answerProbes({ host, port }: { readonly host: string; readonly port: number }): Promise<void> {
  const server = createServer({ maxHeaderSize: 4_096, requestTimeout: 5_000 }, (request, response) => {
    response.writeHead(request.url === "/ready" ? 200 : 404).end();
  });
  server.maxConnections = 64;
  const listening = Promise.withResolvers<void>();
  server.once("error", (error) =>
    listening.reject(new TandemError("InvalidArgument", `--probe-address ${host}:${port}: ${error.message}`)),
  );
  server.listen(port, host, () => listening.resolve());
  await listening.promise;
}

/** @throws InvalidArgumentError */
function placeArgument(text: string): { readonly host: string; readonly port: number } {
  const match = /^(\[[0-9a-fA-F:]+\]|[^:]+):(\d{1,5})$/.exec(text);
  const [, host = "", port = ""] = match ?? [];
  if (match === null || Number(port) < 1 || Number(port) > 65_535) throw new InvalidArgumentError("write ADDRESS:PORT");
  return { host: host.replace(/^\[|\]$/g, ""), port: Number(port) };
}

/** `tandem controller`. */
export function controllerCommand(): Command {
  const command = new Command("controller").description(
    "Run a replica of a cluster's controller: writes Services and EndpointSlices",
  );
  for (const option of clusterOptions()) command.addOption(option);
  return command
    .addOption(stateOption())
    .addOption(namespaceOption())
    .option(
      "--site <name>",
      "name of the cluster's site; the replica takes the site's authority from the cluster, or makes it",
    )
    .option(
      "--probe-address <address:port>",
      "answer probes there: /ready says 200 once everything was read",
      placeArgument,
    )
    .addOption(logLevelOption())
    .addHelpText(
      "after",
      `
With --site the state directory gets a copy of the Secret tandem-authority: authority.key (mode 0600) is the key of the site's
authority, and whoever has it can issue certificates in the site's name. Treat it as the Secret: no backup, no shared disk.
Remove the directory when the replica will not run there again; a later one takes the key from the Secret anew.

Examples:
  tandem controller --kubeconfig ~/.kube/config --context west --state ./controller-1
  tandem controller --in-cluster --site west --state /var/lib/tandem`,
    )
    .action(async (options: ControllerCommandOptions) => {
      const [{ Controller }, { connectKube }] = await Promise.all([
        import("../../controller/index.ts"),
        import("../../../adapters/kube/index.ts"),
      ]);
      const connect = (): Promise<KubeClient> => connectKube(clusterSource(options), `tandem-controller/${VERSION}`);
      const [client, electionClient] = await Promise.all([connect(), connect()]);
      const { site, state, namespace } = options;
      if (site !== undefined) {
        const { enrolController } = await import("../cluster/enrolment.ts");
        await enrolController(state, { site, replica: "controller", namespace }, client);
      }
      const controller = await Controller.start({
        client,
        electionClient,
        stateDirectory: options.state,
        namespace: options.namespace,
        drainMs: DRAIN_MS,
        identity: `${hostname()}-${randomBytes(4).toString("hex")}`,
        clock: { now: () => Date.now(), after: processTimer },
        monotonic: () => performance.now(),
        random: () => Math.random(),
        log: await processLogger(options.logLevel),
      });
      if (options.probeAddress !== undefined) await answerProbes(options.probeAddress);
      const stop = (): void => void controller.close().then(() => process.exit(0));
      process.once("SIGTERM", stop);
      process.once("SIGINT", stop);
    });
}
