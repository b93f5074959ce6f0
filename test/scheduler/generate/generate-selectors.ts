/**
 * Selectors of pods, namespaces and nodes, the odd ones among them: absent, empty, never matching.
 * @module
 */
import type { SeededRandom } from "./seeded-random.ts";
import { HOSTNAME, NAMESPACE_LABELS, POD_LABELS, RACK, ZONE } from "./vocabulary.ts";

type Vocabulary = Readonly<Record<string, readonly [string, ...string[]]>>;

/** Some labels of a vocabulary. */
export function drawLabels(random: SeededRandom, from: Vocabulary, probability: number): Record<string, string> {
  return Object.fromEntries(
    random.some(Object.entries(from), probability).map(([key, values]) => [key, random.pick(values)]),
  );
}

/** A selector of pods. `without`: keys that it must not have. */
export function podSelector(random: SeededRandom, without: readonly string[] = []): Record<string, unknown> {
  return selector(random, Object.fromEntries(Object.entries(POD_LABELS).filter(([key]) => !without.includes(key))));
}

/** A selector of namespaces. */
export function namespaceSelector(random: SeededRandom): Record<string, unknown> {
  return selector(random, NAMESPACE_LABELS);
}

function selector(random: SeededRandom, from: Vocabulary): Record<string, unknown> {
  if (random.chance(0.1)) return {};
  const [first] = random.draw(Object.entries(from), 1);
  if (first === undefined) return {};
  const [key, values] = first;
  if (random.chance(0.55)) return { matchLabels: { [key]: random.pick(values) } };
  const expressions = random
    .draw(Object.entries(from), random.between(1, 2))
    .map(([name, all]) => expression(random, name, all));
  return { matchExpressions: expressions };
}

function expression(random: SeededRandom, key: string, values: readonly [string, ...string[]]): unknown {
  const operator = random.pick(["In", "In", "NotIn", "Exists", "DoesNotExist"]);
  if (operator === "Exists" || operator === "DoesNotExist") return { key, operator };
  return { key, operator, values: random.chance(0.3) ? values : [random.pick(values)] };
}

/** A term of node affinity; now and then an empty one, which matches nothing. */
export function nodeSelectorTerm(random: SeededRandom): Record<string, unknown> {
  if (random.chance(0.06)) return {};
  if (random.chance(0.15))
    return {
      matchFields: [
        { key: "metadata.name", operator: random.pick(["In", "In", "NotIn"]), values: [`node-${random.below(5)}`] },
      ],
    };
  return { matchExpressions: random.times(random.between(1, 2), () => nodeExpression(random)) };
}

/** An expression over the labels of nodes. */
export function nodeExpression(random: SeededRandom): unknown {
  const [key, values] = random.pick([
    [ZONE, ["z1", "z2", "z3"]],
    [RACK, ["r1", "r2", "r3"]],
    ["disk", ["ssd", "hdd"]],
    ["size", ["1", "2", "3", "4"]],
    [HOSTNAME, ["node-0", "node-1", "node-2"]],
  ] as [string, [string, ...string[]]][] as [[string, [string, ...string[]]]]);
  const operator = random.pick(key === "size" ? ["Gt", "Lt", "In"] : ["In", "NotIn", "Exists", "DoesNotExist"]);
  if (operator === "Exists" || operator === "DoesNotExist") return { key, operator };
  return {
    key,
    operator,
    values:
      operator === "In" || operator === "NotIn" ? random.draw(values, random.between(1, 2)) : [random.pick(values)],
  };
}
