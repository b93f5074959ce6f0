import { drawLabels, namespaceSelector, nodeSelectorTerm, podSelector } from "./generate-selectors.ts";
import type { PodSetting } from "./pod-setting.ts";
import type { SeededRandom } from "./seeded-random.ts";
import { NAMESPACES, TAINT_KEYS, TOPOLOGY_KEYS } from "./vocabulary.ts";

interface RuleSubject {
  readonly labels: Readonly<Record<string, string>>;
  readonly isRunning: boolean;
}

/** What a pod says about where it wants to be. */
export function placementRules(setting: PodSetting, subject: RuleSubject): Record<string, unknown> {
  const { random, themes } = setting;
  const affinity = affinityOf(setting, subject);
  return {
    ...(Object.keys(affinity).length === 0 ? {} : { affinity }),
    ...(themes.has("taints") || themes.has("cordon") ? { tolerations: tolerations(random) } : {}),
    ...(themes.has("node-affinity") && random.chance(0.4) ? { nodeSelector: nodeSelector(random) } : {}),
    ...(themes.has("spread") && !subject.isRunning
      ? { topologySpreadConstraints: spreadConstraints(random, subject.labels) }
      : {}),
  };
}

function affinityOf({ random, themes }: PodSetting, subject: RuleSubject): Record<string, unknown> {
  const { labels, isRunning } = subject;
  const required = (probability: number, most = 2) =>
    random.chance(probability)
      ? {
          requiredDuringSchedulingIgnoredDuringExecution: random.times(random.between(1, most), () =>
            affinityTerm(random, labels),
          ),
        }
      : undefined;
  const together = themes.has("affinity") ? required(isRunning ? 0.3 : 0.9) : undefined;
  const apart = themes.has("anti-affinity") && !isRunning ? required(0.9) : undefined;
  const keepsOut = themes.has("existing-anti-affinity") && isRunning ? required(0.5) : undefined;
  const nodes =
    themes.has("node-affinity") && random.chance(0.8)
      ? { nodeSelectorTerms: random.times(random.between(1, 3), () => nodeSelectorTerm(random)) }
      : undefined;
  const wished = () =>
    themes.has("preferences") && random.chance(0.5)
      ? {
          preferredDuringSchedulingIgnoredDuringExecution: wishes(random, () => ({
            podAffinityTerm: affinityTerm(random, labels),
          })),
        }
      : undefined;
  const wishedNodes =
    themes.has("preferences") && random.chance(0.6)
      ? {
          preferredDuringSchedulingIgnoredDuringExecution: wishes(random, () => ({
            preference: nodeSelectorTerm(random),
          })),
        }
      : undefined;
  return {
    ...joined("podAffinity", together, wished()),
    ...joined("podAntiAffinity", apart ?? keepsOut, wished()),
    ...joined(
      "nodeAffinity",
      nodes === undefined ? undefined : { requiredDuringSchedulingIgnoredDuringExecution: nodes },
      wishedNodes,
    ),
  };
}

function wishes(random: SeededRandom, make: () => object): readonly object[] {
  return random.times(random.between(1, 2), () => ({ weight: random.pick([1, 10, 100]), ...make() }));
}

function joined(name: string, ...parts: readonly (object | undefined)[]): Record<string, object> {
  return parts.every((part) => part === undefined) ? {} : { [name]: Object.assign({}, ...parts) as object };
}

function affinityTerm(random: SeededRandom, labels: RuleSubject["labels"]): unknown {
  const [key] = random.chance(0.15) ? random.draw(Object.keys(labels), 1) : [];
  const selector = random.chance(0.05) ? undefined : podSelector(random, key === undefined ? [] : [key]);
  return {
    topologyKey: random.pick(TOPOLOGY_KEYS),
    ...(selector === undefined ? {} : { labelSelector: selector }),
    ...(random.chance(0.25) ? { namespaces: random.draw(NAMESPACES, random.between(1, 2)) } : {}),
    ...(random.chance(0.4) ? { namespaceSelector: namespaceSelector(random) } : {}),
    ...(key === undefined || selector === undefined
      ? {}
      : { [random.pick(["matchLabelKeys", "mismatchLabelKeys"])]: [key] }),
  };
}

function tolerations(random: SeededRandom): readonly unknown[] {
  const ofKeys = random.some(TAINT_KEYS, 0.5).map((key) => ({
    key,
    ...(random.chance(0.4) ? { operator: "Exists" } : equals(random)),
    ...(random.chance(0.5) ? { effect: random.pick(["NoSchedule", "NoExecute"]) } : {}),
  }));
  const ofAll = random.chance(0.1)
    ? [{ operator: "Exists", ...(random.chance(0.5) ? { effect: "NoSchedule" } : {}) }]
    : [];
  const ofCordon = random.chance(0.3)
    ? [
        {
          key: "node.kubernetes.io/unschedulable",
          operator: "Exists",
          effect: random.pick(["NoSchedule", "NoExecute"]),
        },
      ]
    : [];
  return [...ofKeys, ...ofAll, ...ofCordon];
}

function equals(random: SeededRandom): Record<string, string> {
  return {
    ...(random.chance(0.5) ? { operator: "Equal" } : {}),
    ...(random.chance(0.8) ? { value: random.pick(["v1", "v2"]) } : {}),
  };
}

function nodeSelector(random: SeededRandom): Record<string, string> {
  return drawLabels(random, { disk: ["ssd", "hdd"], size: ["1", "2", "3"] }, 0.5);
}

/** At most one of a key; mostly skews that are just met or just missed. */
function spreadConstraints(random: SeededRandom, labels: RuleSubject["labels"]): readonly unknown[] {
  const count = random.pick([1, 1, 2]);
  return random.draw(TOPOLOGY_KEYS, count).map((topologyKey) => {
    const [key] = random.chance(0.2) ? random.draw(Object.keys(labels), 1) : [];
    const selector = random.chance(0.05) ? undefined : podSelector(random, key === undefined ? [] : [key]);
    const isHard = random.chance(0.9);
    return {
      maxSkew: random.pick([1, 1, 1, 2]),
      topologyKey,
      whenUnsatisfiable: isHard ? "DoNotSchedule" : "ScheduleAnyway",
      ...(selector === undefined ? {} : { labelSelector: selector }),
      ...(isHard && random.chance(0.5) ? { minDomains: random.between(1, 4) } : {}),
      ...(random.chance(0.75) ? { nodeAffinityPolicy: random.pick(["Honor", "Ignore", "Ignore", "Ignore"]) } : {}),
      ...(random.chance(0.6) ? { nodeTaintsPolicy: random.pick(["Honor", "Honor", "Ignore"]) } : {}),
      ...(key === undefined || selector === undefined ? {} : { matchLabelKeys: [key] }),
    };
  });
}
