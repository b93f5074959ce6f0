/**
 * Mistakes that a model of the scheduler could have. Each is a change of one place in `src/core/scheduling`.
 * @module
 */

/** One wrong model. */
export interface Mutant {
  /** What it believes wrongly. */
  readonly belief: string;
  /** A file in `src/core/scheduling`. */
  readonly file: string;
  /** Text that is in the file once, and what stands there instead. */
  readonly from: string;
  readonly to: string;
}

function inFile(file: string, ...changes: readonly (readonly [belief: string, from: string, to: string])[]): Mutant[] {
  return changes.map(([belief, from, to]) => ({ belief, file, from, to }));
}

/** All of them. */
export const MUTANTS: readonly Mutant[] = [
  ...inFile(
    "tolerations.ts",
    ["NoExecute keeps nobody away", 'effect === "NoSchedule" || effect === "NoExecute"', 'effect === "NoSchedule"'],
    ["PreferNoSchedule keeps pods away", 'effect === "NoSchedule" || effect === "NoExecute"', 'effect !== ""'],
    ["a toleration is for every effect", 'if (effect !== "" && effect !== taint.effect) return false;', ""],
    ["no effect is no effect at all", 'effect !== "" && effect !== taint.effect', "effect !== taint.effect"],
    ["no key is no key at all", 'key !== "" && key !== taint.key', "key !== taint.key"],
    ["the value does not matter", " && value === taint.value", ""],
    ["no operator is no toleration", 'operator === "" || operator === "Equal"', 'operator === "Equal"'],
  ),
  ...inFile("filters/node-unschedulable.ts", [
    "cordoned nodes take nobody",
    "if (pod.spec.tolerations.some((toleration) => tolerates(toleration, CORDON))) return undefined;",
    "",
  ]),
  ...inFile("filters/node-unschedulable.ts", ["a cordon evicts", 'effect: "NoSchedule"', 'effect: "NoExecute"']),
  ...inFile(
    "selection.ts",
    ["no selector selects everything", "return nothing;", "return { isEmpty: true, matches: () => true };"],
    ["NotIn needs the key", "value === undefined || !listed.has(value)", "value !== undefined && !listed.has(value)"],
    ["terms are ANDed", "terms.some((selects) => selects(node))", "terms.every((selects) => selects(node))"],
    ["an empty term selects all nodes", "=== 0) return () => false;", "=== 0) return () => true;"],
    ["Gt includes the bound", "BigInt(value) > limit", "BigInt(value) >= limit"],
    ["Lt includes the bound", "BigInt(value) < limit", "BigInt(value) <= limit"],
    ["fields do not matter", '(node.name === "" || fields.every(', "(true || fields.every("],
    ["expressions are ORed", "conditions.every((holds) => holds(of))", "conditions.some((holds) => holds(of))"],
  ),
  ...inFile("required-nodes.ts", [
    "node affinity replaces the node selector",
    "labels.every(([key, value]) => node.labels[key] === value) &&",
    "(affinity !== undefined || labels.every(([key, value]) => node.labels[key] === value)) &&",
  ]),
  ...inFile(
    "host-ports.ts",
    ["protocols share ports", " || one.protocol !== other.protocol", ""],
    ["all addresses is an address", "|| one.address === ALL_ADDRESSES || other.address === ALL_ADDRESSES", ""],
    ["ports are had on all addresses", "return one.address === other.address ||", "return true ||"],
    ["init containers keep ports", "...spec.initContainers.filter(isSidecar)", "...spec.initContainers"],
    ["sidecars take no ports", "...spec.initContainers.filter(isSidecar), ", ""],
  ),
  ...inFile(
    "filters/node-resources-fit.ts",
    ["one slot is kept free", "pods.size + 1 > allowedPods", "pods.size + 1 >= allowedPods"],
    ["there are slots without end", 'if (pods.size + 1 > allowedPods) reasons.push("Too many pods");', ""],
    ["exactly full is too full", "amount <= all - used", "amount < all - used"],
    ["nothing does not fit where too much is used", "amount === 0 || amount <= all - used", "amount <= all - used"],
    ["extended resources are not counted", "amount, allocatable.scalars.get(name) ?? 0, requested", "0, 0, requested"],
    ["ephemeral storage is not counted", "wanted.ephemeralStorage, allocatable", "0, allocatable"],
  ),
  ...inFile(
    "pod-requests.ts",
    ["init containers run without the sidecars", "addAmounts(together, sidecars);", ""],
    ["sidecars end with the start", "addAmounts(running, requests);", ""],
    ["init containers ask for nothing", "raiseAmounts(running, starting);", ""],
    ["init containers run beside the others", "raiseAmounts(running, starting);", "addAmounts(running, starting);"],
    ["runtimes have no overhead", "addAmounts(running, milliAmounts(spec.overhead));", ""],
    [
      "requests of the pod do not count",
      "if (canBeOfPod(name)) running.set(name, ofPod.get(name) ?? 0);",
      "void ofPod;",
    ],
    [
      "requests of the pod only raise",
      "running.set(name, ofPod.get(name) ?? 0)",
      "running.set(name, Math.max(running.get(name) ?? 0, ofPod.get(name) ?? 0))",
    ],
    ["what was allocated does not count", "raiseAmounts(amounts, milliAmounts(status.allocatedResources ?? {}));", ""],
    ["what is in force does not count", "raiseAmounts(amounts, milliAmounts(status.resources.requests ?? {}));", ""],
    ["what cannot be is wanted all the same", "new Map(canGrow ? wanted : [])", "new Map(wanted)"],
    ["only what is in force counts", "new Map(canGrow ? wanted : [])", "new Map()"],
  ),
  ...inFile(
    "cluster-state.ts",
    ["ended pods are still there", "if (hasEnded(pod)) continue;", ""],
    ["failed pods are still there", ' || status.phase === "Failed"', ""],
    [
      "pods that are being deleted are gone",
      "if (node !== undefined) this.place",
      "if (node !== undefined && pod.metadata.deletionTimestamp === undefined) this.place",
    ],
  ),
  ...inFile(
    "filters/pod-topology-spread.ts",
    ["a node counts with the key of the constraint alone", "if (!hasAllKeys(spreads, node)) continue;", ""],
    ["minDomains is not looked at", "countByDomain.size < constraint.minDomains ? 0 : ", ""],
    [
      "minDomains is to be exceeded",
      "countByDomain.size < constraint.minDomains",
      "countByDomain.size <= constraint.minDomains",
    ],
    ["the pod does not count itself", "(countsSelf ? 1 : 0)", "0"],
    ["the pod always counts itself", "(countsSelf ? 1 : 0)", "1"],
    ["maxSkew must not be reached", "> constraint.maxSkew", ">= constraint.maxSkew"],
    ["soft is hard", 'whenUnsatisfiable === "DoNotSchedule"', "whenUnsatisfiable !== undefined"],
    [
      "a node without the key is a domain",
      "if (domain === undefined) return unresolvable(`${UNMET} (missing required label)`);",
      "if (domain === undefined) continue;",
    ],
    ["the fullest domain is the measure", "Math.min(...countByDomain", "Math.max(...countByDomain"],
  ),
  ...inFile(
    "spread-counts.ts",
    ["pods that are being deleted count", "!isTerminating && ", ""],
    ["namespaces do not matter", "namespace === pod.namespace && selection", "selection"],
    [
      "node affinity does not matter",
      'if (constraint.nodeAffinityPolicy === "Honor" && !selects(node)) return false;',
      "",
    ],
    [
      "node affinity always matters",
      'if (constraint.nodeAffinityPolicy === "Honor" && !selects(node))',
      "if (!requiredNodes(pod)(node))",
    ],
    ["taints do not matter", 'constraint.nodeTaintsPolicy === "Ignore" || ', "true || "],
    ["taints always matter", 'constraint.nodeTaintsPolicy === "Ignore" || ', ""],
    ["an empty selector counts all pods", "if (selection.isEmpty) return 0;", ""],
    ["matchLabelKeys are not looked at", "labelsOf(constraint.matchLabelKeys, labels)", "labelsOf([], labels)"],
  ),
  ...inFile(
    "filters/inter-pod-affinity.ts",
    ["pods that run keep nobody out", "if (keptOut.has(key, node))", "if (false)"],
    ["there is no first pod", " && !isFirst()", ""],
    [
      "the first pod need not match itself",
      "affinity.isEmpty && own.affinity.every((term) => concerns(term, pod, none))",
      "affinity.isEmpty",
    ],
    [
      "a pod that meets one term counts",
      "own.affinity.every((term) => concerns(term, other, none))",
      "own.affinity.some((term) => concerns(term, other, none))",
    ],
    [
      "no domain is no affinity to meet",
      "if (own.affinity.some(({ topologyKey }) => node.labels[topologyKey] === undefined))",
      "if (false)",
    ],
    [
      "pods that are being deleted are no company",
      "for (const other of node.pods) count(",
      "for (const other of node.pods) if (!other.isTerminating) count(",
    ],
  ),
  ...inFile(
    "own-terms.ts",
    [
      "own terms look at the other's namespace",
      "...term, namespaces: term.namespaces.union(new Set(selected)) }",
      "...term, namespaces: term.namespaces.union(new Set(selected)), namespaceSelection: { isEmpty: false, matches: () => false } }",
    ],
    [
      "namespace selectors select nothing",
      "const selected = state.namespacesWith((labels) => term.namespaceSelection.matches(labels));",
      "const selected: string[] = [];",
    ],
  ),
  ...inFile(
    "placed-pod.ts",
    [
      "no namespace is all namespaces",
      "if (!term.namespaces.has(pod.namespace) && !term",
      "if (term.namespaces.size !== 1 && !term.namespaces.has(pod.namespace) && !term",
    ],
    [
      "the own namespace is always meant",
      "isOwnNamespace ? [metadata.namespace] : term.namespaces",
      "[metadata.namespace, ...term.namespaces]",
    ],
    ["matchLabelKeys are not looked at", '...matchLabelKeys.map((key) => ({ key, operator: "In" as const })),', ""],
    ["mismatchLabelKeys are matchLabelKeys", 'operator: "NotIn" as const', 'operator: "In" as const'],
    [
      "labels of the namespace do not matter",
      "term.namespaceSelection.matches(namespaceLabels)",
      "term.namespaceSelection.matches({})",
    ],
  ),
  ...inFile(
    "filters/volume-restrictions.ts",
    ["anybody may have ReadWriteOncePod", 'claim.spec.accessModes.includes("ReadWriteOncePod")', "false"],
    [
      "two read-only mounts conflict",
      "if (!(gce.readOnly && other.gcePersistentDisk.readOnly)) return true;",
      "return true;",
    ],
    ["EBS volumes may be shared", "ebs.volumeID === other.awsElasticBlockStore?.volumeID", "false"],
    ["images of two pools are one", "rbd.pool === other.rbd.pool && ", ""],
  ),
  ...inFile(
    "filters/node-volume-limits.ts",
    [
      "the last place is not for use",
      "more + attached.count(driver) > limit",
      "more + attached.count(driver) >= limit",
    ],
    ["a volume counts for each pod", " && !attached.byPods.has(volume)", ""],
    ["attachments do not count", "...others.values()", ""],
    ["claims without a volume do not count", "return driver === undefined ? undefined :", "return true ? undefined :"],
  ),
  ...inFile(
    "filters/volume-zone.ts",
    ["a label has one zone", "value.split(ZONE_SEPARATOR)", "[value]"],
    ["older labels are for older nodes", "labels[label] ?? labels[SUCCESSOR[label] ?? label]", "labels[label]"],
    [
      "nodes without zones take no volumes of zones",
      "if (!TOPOLOGY_LABELS.some((label) => node.labels[label] !== undefined)) return undefined;",
      "",
    ],
    [
      "nodes without the label are in every zone",
      "return value !== undefined && values.has(value);",
      "return value === undefined || values.has(value);",
    ],
  ),
  ...inFile(
    "filters/volume-binding.ts",
    ["volumes go with every node", "if (!isUsableOn(volume, node)) return", "if (false) return"],
    [
      "a chosen node is forgotten",
      "if (begun.some((claim) => selectedNodeOf(claim) !== node.name)) return [NOTHING_TO_BIND];",
      "",
    ],
    ["the largest claim chooses first", "sizeOf(one) - sizeOf(other)", "sizeOf(other) - sizeOf(one)"],
    ["one volume serves two claims", "ofClass.filter((one) => !taken.has(one))", "ofClass"],
    ["volumes that are kept are free", "(volume.spec.claimRef === undefined || isKeptFor(volume, claim)) &&", ""],
    ["a kept volume is one of many", "if (kept !== undefined) return isUsableOn(kept, node) ? kept : undefined;", ""],
    ["released volumes are free", 'volume.status.phase === "Available" &&', ""],
    [
      "access modes do not matter",
      "claim.spec.accessModes.every((mode) => volume.spec.accessModes.includes(mode)) &&",
      "",
    ],
    ["size does not matter", "capacityOf(volume) >= sizeOf(claim) &&", ""],
    [
      "selectors of claims do not matter",
      "(selection === undefined || selection.matches(volume.metadata.labels)) &&",
      "",
    ],
    ["blocks and file systems are one", "volume.spec.volumeMode === claim.spec.volumeMode &&", ""],
    ["volumes of any class will do", "classOf(volume) === classOf(claim)", "true"],
    ["volumes can be made without a provisioner", " || storageClass.provisioner === NO_PROVISIONER", ""],
    ["volumes can be made everywhere", "if (!isAllowedOn(storageClass, node)) return NOTHING_TO_BIND;", ""],
    ["there is always room", "limit !== undefined &&", "true ||"],
    ["maximumVolumeSize does not matter", "capacity.maximumVolumeSize ?? capacity.capacity", "capacity.capacity"],
    [
      "room without a place is everywhere",
      "selectionOf(capacity.nodeTopology).matches(node.labels)",
      "selectionOf(capacity.nodeTopology ?? {}).matches(node.labels)",
    ],
    ["lost claims are found again", 'claim.status.phase === "Lost"', "false"],
    ["immediate claims can wait", "if (unbound.some((claim) => !waitsForNode(claim, storage)))", "if (false)"],
  ),
  ...inFile(
    "feasibility.ts",
    ["nominated pods have no place yet", "if (first.length > 0) {", "if (false) {"],
    ["pods of the same priority do not wait", "other.priority >= pod.priority", "other.priority > pod.priority"],
    [
      "nominated pods count as there",
      "if (rejection !== undefined) return rejection;\n  }\n  return runFilters",
      "return rejection;\n  }\n  return runFilters",
    ],
  ),
  ...inFile(
    "preemption.ts",
    [
      "pods of the same priority give way",
      "({ priority }) => priority < pod.priority);",
      "({ priority }) => priority <= pod.priority);",
    ],
    ["budgets do not matter", "if (one.left < 0) kept = true;", ""],
    ["budgets have one more", "if (one.left < 0)", "if (one.left <= 0)"],
    ["budgets of any namespace count", "metadata.namespace !== pod.namespace || ", ""],
    ["those that budgets keep go first", "[...violating, ...others]", "[...others, ...violating]"],
    ["budget violations are as good", "({ budgetViolations }) => -budgetViolations,", ""],
    ["the most important victim does not matter", "({ victims }) => -(victims[0]?.priority ?? 0),", ""],
    ["the earliest start is best", "(start < earliest ? start : earliest)", "(start > earliest ? start : earliest)"],
    [
      "the least important are put back first",
      "other.priority - one.priority || compareText",
      "one.priority - other.priority || compareText",
    ],
    [
      "those that run for the shortest time are put back first",
      "compareText(startOf(one), startOf(other))",
      "compareText(startOf(other), startOf(one))",
    ],
    ["all that could go do", "if (checkNode(pod, node, prepared) === undefined) continue;", ""],
  ),
  ...inFile(
    "scores/index.ts",
    ["images do not matter", "  imageLocality,\n", ""],
    ["evenness does not matter", "  balancedAllocation,\n", ""],
  ),
  ...inFile("scores/taint-toleration.ts", ["taints that are only wished for do not matter", "weight: 3", "weight: 0"]),
  ...inFile("scores/node-affinity.ts", [
    "wishes for nodes weigh the same",
    "selects(node) ? weight : 0",
    "selects(node) ? 1 : 0",
  ]),
  ...inFile(
    "scores/node-resources.ts",
    ["full nodes are better", "((all - used) * MOST) / all", "(used * MOST) / all"],
    ["memory does not matter", "freeShare(used.memory + asked.memory, allocatable.memory),", ""],
    ["the pod itself does not matter", "used.milliCpu + asked.milliCpu", "used.milliCpu"],
  ),
  ...inFile(
    "scores/pod-topology-spread.ts",
    ["pods without constraints are not spread", "if (selection.isEmpty) return", "if (true) return"],
    ["soft constraints are not looked at", 'whenUnsatisfiable === "ScheduleAnyway"', "false"],
    ["fuller domains are better", "highest + lowest - score", "score"],
  ),
  ...inFile(
    "scores/inter-pod-affinity.ts",
    ["wishes of others do not matter", "for (const wish of wishesOf(other)) add(", "for (const wish of []) add("],
    ["what others require is no wish", "affinityTerms.length === 0", "true"],
  ),
  ...inFile("placed-pod.ts", ["to be apart is to be together", "weight: -weight", "weight"]),
  ...inFile("scores/image-locality.ts", [
    "an image on one node counts in full",
    "Math.trunc(size * (having / all.length))",
    "size",
  ]),
  ...inFile("non-zero-requests.ts", ["nothing asked for is nothing used", '{ cpu: "100m", memory: "200Mi" }', "{}"]),
];
