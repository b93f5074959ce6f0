import { domainsOf, eligibleNodes, ZONE_LABEL } from "../node-domains.ts";
import { startsFirst } from "../rollout.ts";
import type { AuditRule, Draft } from "../rule.ts";
import { countsItself, requiredApart } from "../spreading.ts";
import { isReplicated, nameOf, podField, type Workload } from "../workload.ts";
import type { AuditView } from "../audit-view.ts";

/** Pods that have to be apart, and no place left for one more. */
export const spreadBlocksReplacement: AuditRule = {
  id: "spread-blocks-replacement",
  title: "Keeping replicas apart leaves no place for a replacement",
  severity: "high",
  breaks: "After the loss of a node its pod stays Pending, and a roll-out that starts a new pod first never ends.",
  check: (view) =>
    view.snapshot.nodes.length === 0
      ? []
      : view.workloads.filter((workload) => isReplicated(workload)).flatMap((workload) => draftsOf(workload, view)),
  page: {
    text: `Only with nodes in the snapshot, of which those count that the pod may be on by selectors, affinity and taints. Required
anti-affinity with as many replicas as there are domains, and \`DoNotSchedule\` over as many domains as there are replicas where the
lost one still counts (\`nodeTaintsPolicy: Ignore\`, the default): the lost domain is the emptiest, and only there the replacement
could go. With \`nodeTaintsPolicy: Honor\` it finds a place.`,
    bad: `apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: web, image: web}]
      affinity:
        podAntiAffinity:
          requiredDuringSchedulingIgnoredDuringExecution:
            - {topologyKey: kubernetes.io/hostname, labelSelector: {matchLabels: {app: web}}}
---
apiVersion: v1
kind: Node
metadata: {name: a1, labels: {kubernetes.io/hostname: a1, topology.kubernetes.io/zone: a}}
status: {allocatable: {cpu: "4", memory: 8Gi, pods: "110"}}
---
apiVersion: v1
kind: Node
metadata: {name: b1, labels: {kubernetes.io/hostname: b1, topology.kubernetes.io/zone: b}}
status: {allocatable: {cpu: "4", memory: 8Gi, pods: "110"}}
---
apiVersion: v1
kind: Node
metadata: {name: c1, labels: {kubernetes.io/hostname: c1, topology.kubernetes.io/zone: c}}
status: {allocatable: {cpu: "4", memory: 8Gi, pods: "110"}}
`,
    good: `apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: web, image: web}]
      topologySpreadConstraints:
        - {maxSkew: 1, topologyKey: kubernetes.io/hostname, whenUnsatisfiable: DoNotSchedule, labelSelector: {matchLabels: {app: web}}, nodeTaintsPolicy: Honor}
---
apiVersion: v1
kind: Node
metadata: {name: a1, labels: {kubernetes.io/hostname: a1, topology.kubernetes.io/zone: a}}
status: {allocatable: {cpu: "4", memory: 8Gi, pods: "110"}}
---
apiVersion: v1
kind: Node
metadata: {name: b1, labels: {kubernetes.io/hostname: b1, topology.kubernetes.io/zone: b}}
status: {allocatable: {cpu: "4", memory: 8Gi, pods: "110"}}
---
apiVersion: v1
kind: Node
metadata: {name: c1, labels: {kubernetes.io/hostname: c1, topology.kubernetes.io/zone: c}}
status: {allocatable: {cpu: "4", memory: 8Gi, pods: "110"}}
---
apiVersion: v1
kind: Node
metadata: {name: a2, labels: {kubernetes.io/hostname: a2, topology.kubernetes.io/zone: a}}
status: {allocatable: {cpu: "4", memory: 8Gi, pods: "110"}}
`,
  },
};

function draftsOf(workload: Workload, { snapshot }: AuditView): readonly Draft[] {
  const { count } = workload.replicas;
  const { topologySpreadConstraints, affinity } = workload.template.spec;
  if (count < 2 || (topologySpreadConstraints.length === 0 && affinity.podAntiAffinity === undefined)) return [];
  const eligible = eligibleNodes(workload, snapshot.nodes);
  const apart = requiredApart(workload).flatMap(({ topologyKey }, index) => {
    const domains = domainsOf(topologyKey, eligible).length;
    if (domains === 0 || count < domains) return [];
    const path = ["affinity", "podAntiAffinity", "requiredDuringSchedulingIgnoredDuringExecution", index];
    const message = `${nameOf(workload)} needs ${count} domains of ${topologyKey} and there are ${domains}`;
    return [
      draft(workload, {
        message: `${message}${startsFirst(workload) ? "; a roll-out waits, too" : ""}`,
        path,
        domain: topologyKey === ZONE_LABEL ? "zone" : "node",
      }),
    ];
  });
  const spread = topologySpreadConstraints.flatMap((constraint, index) => {
    const { topologyKey, whenUnsatisfiable, nodeTaintsPolicy, maxSkew } = constraint;
    const domains = domainsOf(topologyKey, eligible).length;
    if (whenUnsatisfiable !== "DoNotSchedule" || nodeTaintsPolicy !== "Ignore" || !countsItself(constraint, workload))
      return [];
    // What is left of the others once each holds as many as the skew allows above an empty domain.
    if (domains < 2 || count <= maxSkew * (domains - 1)) return [];
    const path = ["topologySpreadConstraints", index];
    const message = `${nameOf(workload)}: when one of ${domains} domains of ${topologyKey} is lost it counts as empty, so replacements wait until its Node objects are gone`;
    const value = { maxSkew, topologyKey, nodeTaintsPolicy };
    const domain = topologyKey === ZONE_LABEL ? "zone" : "node";
    // Those of the other domains go on.
    return [{ ...draft(workload, { message, path, value, domain }), severity: "medium" as const }];
  });
  return [...apart, ...spread];
}

function draft(
  workload: Workload,
  {
    message,
    path,
    value,
    domain,
  }: {
    readonly message: string;
    readonly path: readonly PropertyKey[];
    readonly value?: unknown;
    readonly domain: "node" | "zone";
  },
): Draft {
  return {
    of: workload,
    message,
    fields: [podField(workload, path, value), workload.replicas.field],
    prove: { workload, domain },
  };
}
