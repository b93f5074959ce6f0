/**
 * Selectors made ready to be asked many times.
 * @module
 */
import type {
  LabelRequirement,
  LabelSelector,
  NodeRequirement,
  NodeSelector,
  NodeSelectorTerm,
  StringMap,
} from "../../model/snapshot/selectors.ts";
import type { Service } from "../../model/snapshot/workload.ts";

/** Says whether labels are selected. */
export interface Selection {
  /** It asks for nothing, and so selects everything. */
  readonly isEmpty: boolean;
  matches(labels: StringMap): boolean;
}

type Condition = (labels: StringMap) => boolean;

const nothing: Selection = { isEmpty: false, matches: () => false };

/**
 * A LabelSelector as a Selection. One that is absent selects nothing, an empty one everything.
 * @param also labels that have to be there besides
 */
export function selectionOf(selector: LabelSelector | undefined, also: StringMap = {}): Selection {
  if (selector === undefined) return nothing;
  const labels = [...Object.entries(selector.matchLabels ?? {}), ...Object.entries(also)];
  const conditions: Condition[] = [
    ...labels.map(
      ([key, value]): Condition =>
        (of) =>
          of[key] === value,
    ),
    ...(selector.matchExpressions ?? []).map(conditionOf),
  ];
  return { isEmpty: conditions.length === 0, matches: (of) => conditions.every((holds) => holds(of)) };
}

/** The pods that a Service selects; without a selector none. */
export function serviceSelection({ spec: { selector } }: Service): Selection {
  return Object.keys(selector).length === 0 ? nothing : selectionOf({ matchLabels: selector });
}

function conditionOf({ key, operator, values = [] }: LabelRequirement | NodeRequirement): Condition {
  switch (operator) {
    case "Exists":
      return (labels) => labels[key] !== undefined;
    case "DoesNotExist":
      return (labels) => labels[key] === undefined;
    case "In": {
      const listed = new Set(values);
      return ({ [key]: value }) => value !== undefined && listed.has(value);
    }
    case "NotIn": {
      const listed = new Set(values);
      return ({ [key]: value }) => value === undefined || !listed.has(value);
    }
    case "Gt":
    case "Lt":
      return compare(key, operator, values);
  }
}

const INTEGER = /^[+-]?\d+$/;

/** Both have to be integers. */
function compare(key: string, operator: "Gt" | "Lt", values: readonly string[]): Condition {
  const [bound = ""] = values;
  if (!INTEGER.test(bound)) return () => false;
  const limit = BigInt(bound);
  return ({ [key]: value }) => {
    if (value === undefined || !INTEGER.test(value)) return false;
    return operator === "Gt" ? BigInt(value) > limit : BigInt(value) < limit;
  };
}

/** Says whether a node is selected. */
export type NodeSelection = (node: { readonly name: string; readonly labels: StringMap }) => boolean;

/** One of the terms has to hold. A term that asks for nothing selects no node. */
export function nodeSelectionOf({ nodeSelectorTerms }: NodeSelector): NodeSelection {
  const terms = nodeSelectorTerms.map(termSelection);
  return (node) => terms.some((selects) => selects(node));
}

/** All expressions and fields of a term have to hold. Of a node without a name, no field is asked for. */
export function termSelection({ matchExpressions = [], matchFields = [] }: NodeSelectorTerm): NodeSelection {
  if (matchExpressions.length + matchFields.length === 0) return () => false;
  const labels = matchExpressions.map(conditionOf);
  const fields = matchFields.map(conditionOf);
  return (node) =>
    labels.every((holds) => holds(node.labels)) &&
    (node.name === "" || fields.every((holds) => holds({ "metadata.name": node.name })));
}
