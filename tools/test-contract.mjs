/**
 * Runs the contract suites against the clusters of kubeconfigs, one after the other, or against the simulated one.
 * @module
 */
import { spawnSync } from "node:child_process";
import { isIP } from "node:net";
import { resolve } from "node:path";
import { parseArgs } from "node:util";

const usage = `Usage: npm run test:contract -- [--kubeconfig FILE]... [--address IP]
  Against the simulated API server, or against each of the real clusters: the store, and Direct, Gateway, bypass and
  release. In namespaces of its own (and Sites and Nodes of the same names), which it removes. Definitions of Tandem's
  kinds that are not there are installed and removed again. Needs the rights of a cluster administrator.

  --kubeconfig FILE  a cluster, by the current context of the file; repeat for more
  --address IP       address of this machine for the stand-in of a gateway, as pods and nodes may reach it; ports 15021,
                     15443 and one from 20000 to 29999 are taken there. The first that is not loopback when absent
`;

/** @returns {{ kubeconfigs: readonly string[], address: string | undefined }} */
function parseOptions() {
  try {
    const { values } = parseArgs({
      options: {
        kubeconfig: { type: "string", multiple: true },
        address: { type: "string" },
        help: { type: "boolean" },
      },
    });
    if (values.help === true) {
      process.stdout.write(usage);
      process.exit(0);
    }
    if (values.address !== undefined && isIP(values.address) === 0)
      throw new Error(`--address ${values.address} is no IP address`);
    return { kubeconfigs: values.kubeconfig ?? [], address: values.address };
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${usage}`);
    process.exit(2);
  }
}

const { kubeconfigs, address } = parseOptions();
const suites = ["test/contract/kube-store.test.ts", "test/contract/takeover.test.ts"];
let failed = false;
for (const kubeconfig of kubeconfigs.length === 0 ? [undefined] : kubeconfigs) {
  if (kubeconfig !== undefined) {
    process.stdout.write(
      `\n### ${kubeconfig}\n` +
        "Not run against a real cluster, since they need the simulated one: faults of the API server (kube-store-faults),\n" +
        "writes that get lost and permissions (controller), kills between writes (release), and all with real Envoys\n" +
        "(test/e2e), which need pods that answer.\n",
    );
  }
  const env = {
    ...process.env,
    ...(kubeconfig === undefined ? {} : { TANDEM_CONTRACT_KUBECONFIG: resolve(kubeconfig) }),
    ...(address === undefined ? {} : { TANDEM_CONTRACT_ADDRESS: address }),
  };
  // One after the other: they share the cluster.
  const args = ["run", "--project", "unit", "--no-file-parallelism", ...suites];
  const { status } = spawnSync("vitest", args, { stdio: "inherit", env });
  failed ||= status !== 0;
}
process.exit(failed ? 1 : 0);
