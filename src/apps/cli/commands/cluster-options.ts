import { Option } from "commander";
import type { KubeClient } from "../../../adapters/kube/kube-client.ts";
import type { KubeConnectionSource } from "../../../adapters/kube/kube-connection.ts";
import { TandemError } from "../../../model/errors.ts";
import type { Invocation } from "../typed-command.ts";
import { VERSION } from "../version.ts";

/** Which cluster a person means. */
export interface ClusterOptions {
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly inCluster?: true;
}

/** The options that name a cluster. */
export function clusterOptions(): readonly Option[] {
  return [
    new Option("--kubeconfig <file>", "kubeconfig that leads to the cluster"),
    new Option("--context <name>", "context of the kubeconfig; its current one when absent"),
    new Option("--in-cluster", "the cluster in which this runs").conflicts(["kubeconfig", "context"]),
  ];
}

/** The namespace of what Tandem has in a cluster for itself. */
export function namespaceOption(): Option {
  return new Option("--namespace <name>", "namespace of Tandem's own objects").default("tandem-system");
}

/** `-n, --namespace`, as kubectl has it. */
export function inNamespaceOption(description = "namespace of Services that are named without one"): Option {
  return new Option("-n, --namespace <name>", description);
}

/** Whether a cluster is named at all. */
export function namesCluster({ kubeconfig, context, inCluster }: ClusterOptions): boolean {
  return kubeconfig !== undefined || context !== undefined || inCluster === true;
}

/** Whether a command that is also about single gateways is about a cluster. */
export function isAboutCluster(options: ClusterOptions, { meansCluster }: Invocation): boolean {
  return meansCluster || namesCluster(options);
}

/**
 * Where the cluster is reached: nobody should have to guess which one was meant.
 * @throws TandemError InvalidArgument when none is named
 */
export function clusterSource(options: ClusterOptions): KubeConnectionSource {
  if (!namesCluster(options))
    throw new TandemError("InvalidArgument", "no cluster is named", {
      remedy: "Name one with --kubeconfig, --context or --in-cluster",
    });
  const { kubeconfig, context, inCluster } = options;
  if (inCluster === true) return { inCluster };
  return { ...(kubeconfig === undefined ? {} : { kubeconfig }), ...(context === undefined ? {} : { context }) };
}

/**
 * The API server of the cluster that a person means.
 * @throws TandemError InvalidArgument when none is named and none is meant; KubeConfigUnusable
 */
export async function clusterClient(options: ClusterOptions, { meansCluster }: Invocation): Promise<KubeClient> {
  const source = meansCluster && !namesCluster(options) ? {} : clusterSource(options);
  const { connectKube } = await import("../../../adapters/kube/index.ts");
  return await connectKube(source, `${CLI_FIELD_MANAGER}/${VERSION}`);
}

/** Who the writes of this program are by, in `managedFields`. */
export const CLI_FIELD_MANAGER = "tandem-cli";

/** The options of kubectl that lead to the same cluster, with a space before each. */
export function kubectlOptions({ kubeconfig, context }: ClusterOptions): string {
  const named = { kubeconfig, context };
  return Object.entries(named)
    .map(([name, value]) => (value === undefined ? "" : ` --${name} ${value}`))
    .join("");
}
