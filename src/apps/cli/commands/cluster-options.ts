import { Option } from "commander";
import type { KubeConnectionSource } from "../../../adapters/kube/kube-connection.ts";
import { TandemError } from "../../../model/errors.ts";

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

/** Whether a cluster is named at all. */
export function namesCluster({ kubeconfig, context, inCluster }: ClusterOptions): boolean {
  return kubeconfig !== undefined || context !== undefined || inCluster === true;
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
