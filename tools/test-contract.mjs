/**
 * Runs the contract of the Kubernetes store against the cluster of a kubeconfig, or against the simulated one.
 * @module
 */
import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { parseArgs } from "node:util";

const usage = `Usage: npm run test:contract -- [--kubeconfig FILE]
  Against the simulated API server, or against a real cluster: in namespaces of its own, which it removes. Definitions of
  Tandem's kinds that are not there are installed and removed again. Needs permission to do that, and to create Services and
  EndpointSlices.
`;

/** @returns {string | undefined} */
function parseKubeconfig() {
  try {
    const { values } = parseArgs({ options: { kubeconfig: { type: "string" }, help: { type: "boolean" } } });
    if (values.help === true) {
      process.stdout.write(usage);
      process.exit(0);
    }
    return values.kubeconfig;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${usage}`);
    process.exit(2);
  }
}

const kubeconfig = parseKubeconfig();
const env =
  kubeconfig === undefined ? process.env : { ...process.env, TANDEM_CONTRACT_KUBECONFIG: resolve(kubeconfig) };
if (kubeconfig !== undefined)
  process.stdout.write(
    "Not run against a real cluster: faults of the API server and controllers (test/contract/kube-store-faults.test.ts,\n" +
      "controller.test.ts), which need the simulated one.\n",
  );
const { status } = spawnSync("vitest", ["run", "--project", "unit", "test/contract/kube-store.test.ts"], {
  stdio: "inherit",
  env,
});
process.exit(status ?? 1);
