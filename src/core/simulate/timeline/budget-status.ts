/**
 * Disruption budgets as the disruption controller has them at a moment.
 * https://kubernetes.io/docs/tasks/run-application/configure-pdb/
 * @module
 */
import type { PodDisruptionBudget } from "../../../model/snapshot/disruption-budget.ts";
import { desiredHealthy, needsScale } from "../../scheduling/budget-demand.ts";
import type { LiveCluster, LivePod } from "./live-cluster.ts";

/** A budget and what it allows. */
export interface BudgetStatus {
  readonly budget: PodDisruptionBudget;
  /** `<namespace>/<name>`. */
  readonly name: string;
  readonly currentHealthy: number;
  readonly desiredHealthy: number;
  readonly disruptionsAllowed: number;
}

/** The budgets that select a pod. An empty selector selects all pods of the namespace, an absent one none. */
export function budgetsOf(pod: LivePod, cluster: LiveCluster): readonly PodDisruptionBudget[] {
  return cluster.snapshot.podDisruptionBudgets.filter((budget) => selects(budget, pod, cluster));
}

/** What a budget allows at this moment. */
export function budgetStatus(budget: PodDisruptionBudget, cluster: LiveCluster): BudgetStatus {
  const pods = [...cluster.pods].filter((pod) => selects(budget, pod, cluster));
  const currentHealthy = pods.filter(({ isReady, isTerminating }) => isReady && !isTerminating).length;
  // Without a scale nothing is counted: a whole number of pods is demanded whatever is expected.
  const expected = needsScale(budget) ? scaleOf(pods, cluster) : 0;
  const desired = desiredHealthy(budget, expected);
  return {
    budget,
    name: `${budget.metadata.namespace}/${budget.metadata.name}`,
    currentHealthy,
    desiredHealthy: desired,
    disruptionsAllowed: Math.max(0, currentHealthy - desired),
  };
}

/** All budgets with the status of this moment, as the scheduler looks at them. */
export function budgetsNow(cluster: LiveCluster): readonly PodDisruptionBudget[] {
  return cluster.snapshot.podDisruptionBudgets.map((budget) => {
    const { disruptionsAllowed } = budgetStatus(budget, cluster);
    return { ...budget, status: { ...budget.status, disruptionsAllowed } };
  });
}

function selects(budget: PodDisruptionBudget, { form }: LivePod, { budgetSelections }: LiveCluster): boolean {
  if (budget.metadata.namespace !== form.namespace) return false;
  return budgetSelections.get(budget)?.matches(form.labels) === true;
}

/** How many pods the controllers of some pods want together; where one is not known, as many as it had. */
function scaleOf(pods: readonly LivePod[], cluster: LiveCluster): number {
  const { replicaSets, statefulSets, deployments } = cluster.snapshot;
  let sum = 0;
  for (const [workload, own] of Map.groupBy(pods, ({ seed }) => seed.workload)) {
    const [first] = own;
    const { namespace } = first?.form ?? { namespace: "" };
    const { kind, name } = first?.seed.owner ?? { kind: "", name: "" };
    const isOwn = ({
      metadata,
    }: {
      readonly metadata: { readonly namespace: string; readonly name: string };
    }): boolean => metadata.namespace === namespace && metadata.name === name;
    const replicaSet = kind === "ReplicaSet" ? replicaSets.find(isOwn) : undefined;
    const deploymentName = replicaSet?.metadata.ownerReferences.find(({ controller }) => controller)?.name;
    const deployment = deployments.find(
      ({ metadata }) => metadata.namespace === namespace && metadata.name === deploymentName,
    );
    const statefulSet = kind === "StatefulSet" ? statefulSets.find(isOwn) : undefined;
    sum += (deployment ?? replicaSet ?? statefulSet)?.spec.replicas ?? cluster.scaleOf(workload);
  }
  return sum;
}
