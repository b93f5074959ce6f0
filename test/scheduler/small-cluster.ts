/**
 * Clusters for tests, written in a few words.
 * @module
 */
import { ClusterState } from "../../src/core/scheduling/cluster-state.ts";
import { type Feasibility, findFeasible } from "../../src/core/scheduling/feasibility.ts";
import { placedPod } from "../../src/core/scheduling/placed-pod.ts";
import { readSnapshot } from "../../src/model/snapshot/read-snapshot.ts";
import type { Manifest } from "./scheduler-case.ts";

/** A node with room for 110 pods and 4 CPUs, in a zone. */
export function aNode(
  name: string,
  zone: string,
  more: { readonly spec?: object; readonly allocatable?: object } = {},
): Manifest {
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: { name, labels: { "kubernetes.io/hostname": name, "topology.kubernetes.io/zone": zone } },
    spec: more.spec ?? {},
    status: { allocatable: { cpu: "4", memory: "8Gi", pods: "110", ...more.allocatable } },
  };
}

/** A pod of the app `web`, on a node or, with none, waiting for one. */
export function aPod(name: string, node: string | undefined, spec: object = {}, metadata: object = {}): Manifest {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: "shop", labels: { app: "web" }, ...metadata },
    spec: { containers: [{ name: "main" }], ...(node === undefined ? {} : { nodeName: node }), ...spec },
    status: { phase: node === undefined ? "Pending" : "Running" },
  };
}

/**
 * The state of a cluster.
 * @throws Error when an object is not of its kind's form
 */
export function stateOf(objects: readonly Manifest[]): ClusterState {
  const { snapshot, problems } = readSnapshot(objects);
  if (problems.length > 0) throw new Error(JSON.stringify(problems));
  return new ClusterState(snapshot);
}

/** Where a pod could run in a cluster: names of nodes, and the reasons with the number of nodes of each. */
export function whereItFits(
  pod: Manifest,
  objects: readonly Manifest[],
): { nodes: string[]; reasons: Record<string, number> } {
  const { snapshot } = readSnapshot([pod]);
  const [subject] = snapshot.pods;
  if (subject === undefined) throw new Error(`${pod.metadata.name} is no pod`);
  return inWords(findFeasible(placedPod(subject), stateOf(objects)));
}

function inWords({ nodes, rejections, refusal }: Feasibility): { nodes: string[]; reasons: Record<string, number> } {
  const reasons: Record<string, number> = refusal === undefined ? {} : { [refusal]: 1 };
  for (const rejection of rejections.values())
    for (const reason of rejection.reasons) reasons[reason] = (reasons[reason] ?? 0) + 1;
  return { nodes: nodes.map(({ name }) => name), reasons };
}
