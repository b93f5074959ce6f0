/**
 * A case for each seed, always the same.
 * @module
 */
import type { CaseMode, Manifest, SchedulerCase } from "../scheduler-case.ts";
import { generateNodes } from "./generate-nodes.ts";
import { pendingPod, runningPod } from "./generate-pods.ts";
import { drawLabels, podSelector } from "./generate-selectors.ts";
import { generateStorage } from "./generate-storage.ts";
import type { PodSetting } from "./pod-setting.ts";
import { SeededRandom } from "./seeded-random.ts";
import { drawThemes } from "./themes.ts";
import { NAMESPACE_LABELS, NAMESPACES } from "./vocabulary.ts";

/** What else a case may have. */
export interface CaseOptions {
  /**
   * Pods for which room is being made on a node. A real scheduler would go on placing them itself, so they are for
   * comparisons in which none runs.
   */
  readonly nominations?: boolean;
}

/** The case of a seed: a small cluster in which few rules decide, and pods on the edge of what fits. */
export function generateCase(seed: number, mode: CaseMode = "probe", options: CaseOptions = {}): SchedulerCase {
  const random = new SeededRandom(seed);
  const themes = drawThemes(random, { seed, mode, withNominations: options.nominations === true && mode !== "place" });
  const nodes = generateNodes(random, themes);
  const storage = generateStorage(random, themes, nodes);
  const setting: PodSetting = { random, themes, drawVolumes: storage.drawVolumes };
  const nodeNames = nodes.map(({ metadata }) => metadata.name) as [string, ...string[]];
  // Skews that are just met or just missed.
  const isEven = themes.has("spread");
  const [fewest, most] = mode === "preempt" ? [2, 3] : [0, 2];
  const running = random.times(random.between(fewest, most) * nodes.length, (index) =>
    runningPod(
      setting,
      index,
      isEven && random.chance(0.8) ? (nodeNames[index % nodes.length] ?? nodeNames[0]) : random.pick(nodeNames),
    ),
  );
  const pending = random.times(mode === "preempt" ? 1 : random.between(1, 3), (index) =>
    pendingPod(setting, index, mode),
  );
  return {
    mode,
    seed,
    objects: [
      ...NAMESPACES.map((name): Manifest => namespace(random, name)),
      ...nodes,
      ...storage.objects,
      ...(themes.has("default-spread") ? owners(random) : []),
      ...(mode === "preempt" ? budgets(random) : []),
      ...running,
      ...(themes.has("nominated") ? nominated(setting, nodeNames) : []),
    ],
    pending,
  };
}

function namespace(random: SeededRandom, name: string): Manifest {
  return {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name, labels: drawLabels(random, NAMESPACE_LABELS, 0.7) },
  };
}

/** What pods belong to where they say nothing of spreading. */
function owners(random: SeededRandom): readonly Manifest[] {
  const template = { metadata: { labels: { app: "a" } }, spec: { containers: [{ name: "main", image: "x" }] } };
  const sets = ["set-a", "set-b"].map(
    (name): Manifest => ({
      apiVersion: "apps/v1",
      kind: "ReplicaSet",
      metadata: { name, namespace: NAMESPACES[0] },
      spec: { replicas: 0, selector: { matchLabels: { app: "a" } }, template },
    }),
  );
  const services = random.times(
    random.between(1, 2),
    (index): Manifest => ({
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: `service-${index}`, namespace: random.pick([NAMESPACES[0], ...NAMESPACES]) },
      spec: { ports: [{ port: 80 }], ...(random.chance(0.9) ? { selector: { app: random.pick(["a", "b"]) } } : {}) },
    }),
  );
  return [...random.some(sets, 0.8), ...services];
}

function budgets(random: SeededRandom): readonly Manifest[] {
  return random.times(random.between(1, 4), (index) => ({
    apiVersion: "policy/v1",
    kind: "PodDisruptionBudget",
    metadata: { name: `budget-${index}`, namespace: random.pick([NAMESPACES[0], ...NAMESPACES]) },
    spec: { minAvailable: 1, ...(random.chance(0.9) ? { selector: podSelector(random) } : {}) },
    status: {
      disruptionsAllowed: random.pick([0, 0, 1, 2]),
      currentHealthy: 1,
      desiredHealthy: 1,
      expectedPods: 1,
      ...(random.chance(0.2) ? { disruptedPods: { "running-1": "2026-01-01T00:00:00Z" } } : {}),
    },
  }));
}

/** Pods of a high priority that wait for room on a node. */
function nominated(setting: PodSetting, nodeNames: readonly [string, ...string[]]): readonly Manifest[] {
  const { random } = setting;
  return random.times(random.between(1, 2), (index) => {
    const pod = pendingPod(setting, index, "preempt");
    return {
      ...pod,
      metadata: { ...pod.metadata, name: `nominated-${index}` },
      status: { nominatedNodeName: random.pick(nodeNames) },
    };
  });
}
