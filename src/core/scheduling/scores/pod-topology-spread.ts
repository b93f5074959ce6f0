import { TopologySpreadConstraint } from "../../../model/snapshot/pod.ts";
import type { NodeState } from "../cluster-state.ts";
import type { PlacedPod } from "../placed-pod.ts";
import { countingNodes, hasAllKeys, matchingPods, readySpread, type ReadySpread } from "../spread-counts.ts";
import { MOST, type Scorer, type ScoringScene } from "./scorer.ts";

const HOSTNAME = "kubernetes.io/hostname";

/** What holds for pods without constraints of their own. */
const DEFAULT_CONSTRAINTS: readonly TopologySpreadConstraint[] = [
  { topologyKey: HOSTNAME, maxSkew: 3 },
  { topologyKey: "topology.kubernetes.io/zone", maxSkew: 5 },
].map((constraint) => TopologySpreadConstraint.parse({ ...constraint, whenUnsatisfiable: "ScheduleAnyway" }));

/**
 * The soft topology spread constraints: domains with fewer of the pods are better. A pod without any constraint has default
 * ones, over the pods of its Services and its workload.
 */
export const podTopologySpreadScore: Scorer = {
  name: "PodTopologySpread",
  weight: 2,
  score(pod, scene) {
    const { spreads, needsAllKeys } = softSpreads(pod, scene);
    if (spreads.length === 0) return undefined;
    const isIgnored = (node: NodeState) => needsAllKeys && !hasAllKeys(spreads, node);
    const compared = scene.nodes.filter((node) => !isIgnored(node));
    const counts = spreads.map((spread) => domainCounts(pod, spread, { scene, compared, isIgnored }));
    const raw = scene.nodes.map((node) =>
      isIgnored(node)
        ? undefined
        : Math.round(
            spreads.reduce((sum, spread, index) => sum + share(pod, node, { spread, domains: counts[index] }), 0),
          ),
    );
    return invert(raw);
  },
};

function softSpreads(pod: PlacedPod, { state }: ScoringScene) {
  const own = pod.pod.spec.topologySpreadConstraints;
  if (own.length > 0) {
    const soft = own.filter(({ whenUnsatisfiable }) => whenUnsatisfiable === "ScheduleAnyway");
    return { spreads: soft.map((constraint) => readySpread(constraint, pod)), needsAllKeys: true };
  }
  const selection = state.owners.selectionOf(pod);
  if (selection.isEmpty) return { spreads: [], needsAllKeys: false };
  return {
    spreads: DEFAULT_CONSTRAINTS.map((constraint) => ({ ...readySpread(constraint, pod), selection })),
    needsAllKeys: false,
  };
}

interface Domains {
  /** Pods by domain; of hosts, each node counts its own. */
  readonly counts: ReadonlyMap<string, number>;
  /** The more domains there are, the more one pod more in one of them matters. */
  readonly weight: number;
}

interface Comparison {
  readonly scene: ScoringScene;
  readonly compared: readonly NodeState[];
  readonly isIgnored: (node: NodeState) => boolean;
}

function domainCounts(pod: PlacedPod, spread: ReadySpread, { scene, compared, isIgnored }: Comparison): Domains {
  const { topologyKey } = spread.constraint;
  if (topologyKey === HOSTNAME) return { counts: new Map(), weight: Math.log(compared.length + 2) };
  const counts = new Map(compared.map(({ labels }) => [labels[topologyKey] ?? "", 0]));
  const isCounted = countingNodes(pod, [spread]);
  for (const node of scene.state.nodes) {
    const domain = node.labels[topologyKey] ?? "";
    const present = counts.get(domain);
    if (present === undefined || isIgnored(node) || !isCounted(spread, node)) continue;
    counts.set(domain, present + matchingPods(spread, pod, node));
  }
  return { counts, weight: Math.log(counts.size + 2) };
}

function share(
  pod: PlacedPod,
  node: NodeState,
  { spread, domains }: { readonly spread: ReadySpread; readonly domains: Domains | undefined },
): number {
  const { topologyKey, maxSkew } = spread.constraint;
  const domain = node.labels[topologyKey];
  if (domain === undefined || domains === undefined) return 0;
  const pods = topologyKey === HOSTNAME ? matchingPods(spread, pod, node) : (domains.counts.get(domain) ?? 0);
  return pods * domains.weight + (maxSkew - 1);
}

/** The fewest pods come to the highest score. Nodes that are left out get none. */
function invert(raw: readonly (number | undefined)[]): readonly number[] {
  const known = raw.filter((score) => score !== undefined);
  const [lowest, highest] = [Math.min(...known), Math.max(0, ...known)];
  return raw.map((score) => {
    if (score === undefined) return 0;
    return highest === 0 ? MOST : Math.trunc((MOST * (highest + lowest - score)) / highest);
  });
}
