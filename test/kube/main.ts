/**
 * The simulated cluster as a process. Prints one line of JSON ({@link ClusterReady}) when it answers, and nothing else.
 * Started again with the same `--state` it has the same objects and certificate, and an empty watch cache.
 * @module
 */
import process from "node:process";
import { parseArgs } from "node:util";
import type { ClusterOptions } from "./cluster-options.ts";
import { listenForControl } from "./control.ts";
import type { KnownUser } from "./http/authentication.ts";
import { SimulatedCluster } from "./simulated-cluster.ts";

const USAGE = `node test/kube/main.ts [--listen 127.x.y.z:PORT] [--state FILE] [--plain] [--name NAME]
  [--user NAME,TOKEN[,GROUP...]]... [--namespace NAME]... [--allow-loopback] [--control 127.x.y.z:PORT]
  [--without-controllers]
`;

/** As in a cluster without a controller manager. */
const NO_CONTROLLERS = {
  endpointSlices: false,
  endpoints: false,
  endpointSliceMirroring: false,
  garbageCollection: false,
  namespaces: false,
} as const satisfies ClusterOptions["controllers"];

/** The one line that the process prints. */
export interface ClusterReady {
  readonly ready: true;
  readonly pid: number;
  readonly url: string;
  readonly caPem: string;
  /** Kubeconfigs by user, YAML. */
  readonly kubeconfigs: Readonly<Record<string, string>>;
  /** `http://127.x.y.z:PORT` of the simulation's own interface; null without `--control`. */
  readonly control: string | null;
}

async function main(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      listen: { type: "string", default: "127.0.0.1:0" },
      state: { type: "string" },
      plain: { type: "boolean", default: false },
      name: { type: "string", default: "simulated" },
      user: { type: "string", multiple: true, default: ["admin,admin-token,system:masters"] },
      namespace: { type: "string", multiple: true, default: [] },
      "allow-loopback": { type: "boolean", default: false },
      control: { type: "string" },
      "without-controllers": { type: "boolean", default: false },
    },
  });
  const users = values.user.map(parseUser);
  const cluster = await SimulatedCluster.start({
    listen: values.listen,
    tls: !values.plain,
    name: values.name,
    users,
    namespaces: values.namespace,
    allowLoopback: values["allow-loopback"],
    ...(values["without-controllers"] ? { controllers: NO_CONTROLLERS } : {}),
    ...(values.state === undefined ? {} : { stateFile: values.state }),
  });
  const control = values.control === undefined ? null : await listenForControl(cluster, values.control);
  process.once("SIGTERM", () => process.exit(0));
  process.once("SIGINT", () => process.exit(0));
  const kubeconfigs = Object.fromEntries(users.map(({ name }) => [name, cluster.kubeconfig({ user: name })]));
  const { url, caPem } = cluster;
  const ready: ClusterReady = { ready: true, pid: process.pid, url, caPem, kubeconfigs, control };
  process.stdout.write(`${JSON.stringify(ready)}\n`);
}

function parseUser(text: string): KnownUser {
  const [name, token, ...groups] = text.split(",");
  if (name === undefined || token === undefined) throw new Error(`--user ${text} is no NAME,TOKEN[,GROUP...]`);
  return { name, token, groups };
}

main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
  process.exit(1);
});
