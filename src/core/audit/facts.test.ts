import { describe, expect, test } from "vitest";
import { auditYaml, found, snapshotOf } from "../../../test/audit/audit-yaml.ts";

interface Web {
  readonly kind?: string;
  readonly replicas?: string;
  readonly pod?: string;
  readonly labels?: string;
}

function workload({ kind = "Deployment", replicas = "replicas: 3", pod = "", labels = "app: web" }: Web = {}): string {
  return `---
apiVersion: apps/v1
kind: ${kind}
metadata: {name: web, namespace: shop}
spec:
  ${replicas}
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {${labels}}}
    spec:
      containers: [{name: web, image: "web:1"}]
${pod}
`;
}

function budget(spec: string, name = "web", namespace = "shop"): string {
  return `---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: ${name}, namespace: ${namespace}}
spec: {${spec}}
`;
}

function scaler(spec: string): string {
  return `---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web, namespace: shop}
spec: {scaleTargetRef: {kind: Deployment, name: web}, ${spec}}
`;
}

function keda(spec: string): string {
  return `---
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata: {name: web, namespace: shop}
spec: {scaleTargetRef: {name: web}, ${spec}}
`;
}

function node(name: string, zone: string, taints = "[]"): string {
  return `---
apiVersion: v1
kind: Node
metadata: {name: ${name}, labels: {kubernetes.io/hostname: ${name}, topology.kubernetes.io/zone: ${zone}}}
spec: {taints: ${taints}}
status: {allocatable: {cpu: "4", memory: 8Gi, pods: "110"}}
`;
}

function runs(on: string, name = `web-${on}`): string {
  return `---
apiVersion: v1
kind: Pod
metadata: {name: ${name}, namespace: shop, labels: {app: web}, ownerReferences: [{kind: ReplicaSet, name: web-1, controller: true}]}
spec: {nodeName: ${on}, containers: [{name: web, image: "web:1"}]}
status: {phase: Running}
`;
}

const REPLICA_SET = `---
apiVersion: apps/v1
kind: ReplicaSet
metadata: {name: web-1, namespace: shop, ownerReferences: [{kind: Deployment, name: web, controller: true}]}
spec: {selector: {matchLabels: {app: web}}, template: {metadata: {labels: {app: web}}, spec: {}}}
`;

describe("effective replicas", () => {
  test.each([
    ["an absent number is one", workload({ replicas: "paused: false" }), true],
    ["null is absent", workload({ replicas: "replicas: null" }), true],
    [
      "an autoscaler's least counts, not the spec",
      workload({ replicas: "replicas: 1" }) + scaler("minReplicas: 2, maxReplicas: 5"),
      false,
    ],
    [
      "absent replicas under an autoscaler are no finding",
      workload({ replicas: "paused: false" }) + scaler("minReplicas: 3, maxReplicas: 5"),
      false,
    ],
    ["an autoscaler's absent least is one, whatever the spec has", workload() + scaler("maxReplicas: 5"), true],
    ["no replicas switch the autoscaler off", workload({ replicas: "replicas: 0" }) + scaler("maxReplicas: 5"), false],
    ["KEDA's absent least is none, which is not one", workload() + keda("maxReplicaCount: 5"), false],
    ["KEDA's least", workload() + keda("minReplicaCount: 1"), true],
    ["KEDA's idle count below it", workload() + keda("minReplicaCount: 3, idleReplicaCount: 1"), true],
    [
      "an autoscaler of another workload says nothing",
      workload() + scaler("maxReplicas: 5").replace("name: web}", "name: api}"),
      false,
    ],
    ["what is observed", workload() + REPLICA_SET + node("a1", "a") + runs("a1"), true],
  ])("%s", (_, yaml, isSingle) => {
    expect(found(yaml).includes("single-replica")).toBe(isSingle);
  });
});

describe("disruption budgets", () => {
  const rules = (yaml: string): readonly string[] => found(yaml).filter((id) => id.startsWith("pdb-"));
  const selector = "selector: {matchLabels: {app: web}}";

  test.each([
    ["missing with two replicas", workload({ replicas: "replicas: 2" }), ["pdb-missing"]],
    ["of a StatefulSet as well", workload({ kind: "StatefulSet" }), ["pdb-missing"]],
    ["not asked for with one", workload({ replicas: "replicas: 1" }), []],
    ["not asked for DaemonSets", workload({ kind: "DaemonSet", replicas: "" }), []],
    [
      "matched by labels of pods and not by those of the controller",
      workload({ labels: "app: web, tier: front" }) +
        budget("maxUnavailable: 1, selector: {matchLabels: {tier: front}}"),
      [],
    ],
    [
      "all labels have to match, not one of them",
      workload() + budget("maxUnavailable: 1, selector: {matchLabels: {app: web, tier: front}}"),
      ["pdb-missing", "pdb-orphaned"],
    ],
    [
      "expressions count",
      workload() + budget("maxUnavailable: 1, selector: {matchExpressions: [{key: app, operator: In, values: [web]}]}"),
      [],
    ],
    [
      "of another namespace",
      workload() + budget(`maxUnavailable: 1, ${selector}`, "web", "other"),
      ["pdb-missing", "pdb-orphaned"],
    ],
    ["an empty selector matches everything", workload() + budget("maxUnavailable: 1, selector: {}"), []],
    ["an absent selector matches nothing", workload() + budget("maxUnavailable: 1"), ["pdb-missing", "pdb-orphaned"]],
    ["as many as there are replicas", workload() + budget(`minAvailable: 3, ${selector}`), ["pdb-blocks-drain"]],
    [
      "one of one",
      workload({ replicas: "replicas: 1" }) + budget(`minAvailable: 1, ${selector}`),
      ["pdb-blocks-drain"],
    ],
    ["nothing may be unavailable", workload() + budget(`maxUnavailable: 0, ${selector}`), ["pdb-blocks-drain"]],
    [
      "a percent of what may be unavailable rounds up to one",
      workload() + budget(`maxUnavailable: 1%, ${selector}`),
      [],
    ],
    [
      "a percent of what must be available rounds up, too",
      workload() + budget(`minAvailable: 67%, ${selector}`),
      ["pdb-blocks-drain"],
    ],
    [
      "two of them",
      workload() + budget(`maxUnavailable: 1, ${selector}`) + budget(`maxUnavailable: 1, ${selector}`, "other"),
      ["pdb-overlap"],
    ],
    [
      "of pods that an operator makes is no orphan",
      budget("minAvailable: 1, selector: {matchLabels: {app.kubernetes.io/managed-by: prometheus-operator}}"),
      [],
    ],
    [
      "two with at least one available is right",
      workload({ replicas: "replicas: 2" }) + budget(`minAvailable: 1, ${selector}`),
      [],
    ],
  ])("%s", (_, yaml, ids) => {
    expect(rules(yaml)).toEqual(ids);
  });

  test("a Job is asked for neither a budget nor probes", () => {
    const job = `apiVersion: batch/v1
kind: Job
metadata: {name: web, namespace: shop}
spec: {parallelism: 3, template: {spec: {containers: [{name: web, image: "web:1", ports: [{containerPort: 80}]}]}}}
`;
    expect(found(job)).toEqual([]);
  });

  test("a static pod is no workload", () => {
    const pod = `apiVersion: v1
kind: Pod
metadata: {name: etcd-a1, namespace: kube-system, annotations: {kubernetes.io/config.mirror: x}, ownerReferences: [{kind: Node, name: a1, controller: true}]}
spec: {nodeName: a1, containers: [{name: etcd, image: "etcd:3"}]}
status: {phase: Running}
`;
    expect(auditYaml(pod).workloads).toBe(0);
  });
});

describe("spreading", () => {
  const constraint = (more: string): string =>
    `      topologySpreadConstraints: [{maxSkew: 1, topologyKey: topology.kubernetes.io/zone, ${more}}]\n`;
  const own = "labelSelector: {matchLabels: {app: web}}";
  const zones = node("a1", "a") + node("b1", "b") + node("c1", "c");

  test.each([
    ["absent", "", "medium"],
    ["soft", constraint(`whenUnsatisfiable: ScheduleAnyway, ${own}`), "info"],
    ["hard", constraint(`whenUnsatisfiable: DoNotSchedule, ${own}`), undefined],
    [
      "of another workload",
      constraint("whenUnsatisfiable: DoNotSchedule, labelSelector: {matchLabels: {app: api}}"),
      "medium",
    ],
    [
      "a key that is no failure domain",
      constraint(`whenUnsatisfiable: DoNotSchedule, ${own}`).replace(
        "topology.kubernetes.io/zone",
        "kubernetes.io/arch",
      ),
      "medium",
    ],
  ])("%s", (_, pod, severity) => {
    const { findings } = auditYaml(workload({ pod }));
    expect(findings.find(({ rule }) => rule === "spread-missing")?.severity).toBe(severity);
  });

  test.each([
    ["an empty selector counts no pod", "labelSelector: {}"],
    ["an absent selector matches no pod", "maxSkew: 1".replace("maxSkew", "minDomains")],
    ["another one", "labelSelector: {matchLabels: {app: api}}"],
  ])("a selector that does not count the pod itself: %s", (_, more) => {
    expect(found(workload({ pod: constraint(`whenUnsatisfiable: DoNotSchedule, ${more}`) }))).toContain(
      "spread-selects-others",
    );
  });

  test.each([
    ["three zones, three replicas, lost nodes count: the replacement has no place", "", true],
    ["lost nodes do not count: it has one", ", nodeTaintsPolicy: Honor", false],
  ])("%s", (_, more, isReported) => {
    const pod = constraint(`whenUnsatisfiable: DoNotSchedule, ${own}${more}`);
    expect(found(workload({ pod }) + zones).includes("spread-blocks-replacement")).toBe(isReported);
  });

  test("a new zone whose one node is tainted takes places away", () => {
    const pod = constraint(`whenUnsatisfiable: DoNotSchedule, ${own}`);
    const five = workload({ pod, replicas: "replicas: 5" }) + node("a1", "a") + node("b1", "b");
    expect(found(five)).not.toContain("spread-new-domain");
    expect(found(five + node("c1", "c", "[{key: gpu, effect: NoSchedule}]"))).toContain("spread-new-domain");
  });

  test("required anti-affinity: nodes that the pod cannot be on do not count", () => {
    const pod = `      affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: kubernetes.io/hostname, ${own}}]}}\n`;
    expect(found(workload({ pod }) + zones)).toContain("spread-blocks-replacement");
    expect(found(workload({ pod }) + zones + node("a2", "a"))).not.toContain("spread-blocks-replacement");
    const tainted = node("a2", "a", "[{key: gpu, effect: NoSchedule}]");
    expect(found(workload({ pod }) + zones + tainted)).toContain("spread-blocks-replacement");
  });
});

describe("observed placement beats intent", () => {
  const spread =
    "      topologySpreadConstraints: [{maxSkew: 1, topologyKey: kubernetes.io/hostname, whenUnsatisfiable: DoNotSchedule, nodeTaintsPolicy: Honor, labelSelector: {matchLabels: {app: web}}}]\n";

  test("all on one node though spread hard, proved by simulation", () => {
    const yaml =
      workload({ pod: spread, replicas: "replicas: 2" }) +
      REPLICA_SET +
      node("a1", "a") +
      node("b1", "b") +
      runs("a1") +
      runs("a1", "web-2");
    const finding = auditYaml(yaml).findings.find(({ rule }) => rule === "observed-placement");
    expect(finding?.proof).toBe("simulated: loss of node a1 leaves 0 of 2");
  });

  test("all in one of two zones", () => {
    const yaml =
      workload() + REPLICA_SET + node("a1", "a") + node("a2", "a") + node("b1", "b") + runs("a1") + runs("a2");
    const finding = auditYaml(yaml).findings.find(({ rule }) => rule === "observed-placement");
    expect(finding).toMatchObject({ severity: "medium", proof: "simulated: loss of zone a leaves 0 of 2" });
  });
});

test.each([
  ["registry:5000/web", true],
  ["registry:5000/web:1.2", false],
  ["web:latest", true],
  ["web@sha256:0000000000000000000000000000000000000000000000000000000000000000", false],
  ["registry:5000/web:latest@sha256:0000000000000000000000000000000000000000000000000000000000000000", false],
])("image %s can change: %s", (image, canChange) => {
  expect(found(workload().replace("web:1", image)).includes("mutable-image")).toBe(canChange);
});

test("what a CronJob makes has its place in the evidence", () => {
  const yaml = `apiVersion: batch/v1
kind: CronJob
metadata: {name: web, namespace: shop}
spec: {schedule: "* * * * *", jobTemplate: {spec: {template: {spec: {containers: [{name: web, image: web}]}}}}}
`;
  expect(auditYaml(yaml).workloads).toBe(1);
});

describe("across sites", () => {
  const service =
    "---\nkind: Service\napiVersion: v1\nmetadata: {name: web, namespace: shop}\nspec: {selector: {app: web}}\n";
  const policy = `---
apiVersion: tandem.dev/v1alpha1
kind: FailoverPolicy
metadata: {name: web, namespace: shop}
spec: {targetRefs: [{group: "", kind: Service, name: web}], sites: [{name: west}, {name: east}]}
`;
  const pod = "      volumes: [{name: c, configMap: {name: settings}}]\n";
  const settings = "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings, namespace: shop}\n";

  test.each([
    ["nothing there", settings, "no workload is behind a Service of that name there"],
    ["no replica", workload({ replicas: "replicas: 0" }) + service, "its workload there has no replica"],
    ["too few", workload({ replicas: "replicas: 1" }) + service + settings, "it has 1 replicas there and 3 here"],
    [
      "no configuration",
      workload() + service + settings.replace("settings", "other"),
      "configMaps shop/settings are not there",
    ],
    ["all there", workload() + service + settings, undefined],
  ])("%s", (_, there, lack) => {
    const { findings } = auditYaml(workload({ pod }) + service + policy, {
      others: new Map([["east", snapshotOf(there)]]),
    });
    expect(findings.find(({ rule }) => rule === "standby-incomplete")?.message).toBe(
      lack === undefined ? undefined : `site east cannot take over shop/web: ${lack}`,
    );
  });
});

describe("exemptions, severities and the baseline", () => {
  const single = workload({ replicas: "replicas: 1" });
  const annotated = (value: string): string =>
    single.replace("namespace: shop}", `namespace: shop, annotations: {audit.tandem.dev/single-replica: "${value}"}}`);

  test("an annotation with a reason and a day that has not passed", () => {
    const { findings, exempted } = auditYaml(annotated("exempt until 2026-12-01: holds no state"));
    expect(findings.map(({ rule }) => rule)).not.toContain("single-replica");
    expect(exempted).toMatchObject([{ rule: "single-replica", reason: "holds no state", until: "2026-12-01" }]);
  });

  test.each([
    ["exempt until 2026-11-30: holds no state", "exemption expired on 2026-11-30: holds no state"],
    ["exempt", 'annotation audit.tandem.dev/single-replica is not "exempt until YYYY-MM-DD: reason"'],
  ])("%s: the finding stays and says why", (value, note) => {
    expect(auditYaml(annotated(value)).findings.find(({ rule }) => rule === "single-replica")?.note).toBe(note);
  });

  test("the configuration exempts by pattern, changes severities and switches rules off", () => {
    const exempt = [{ rule: "single-replica", namespace: "sh*", reason: "small" }];
    expect(found(single, { config: { exempt } })).not.toContain("single-replica");
    expect(found(single, { config: { exempt: [{ ...exempt[0], namespace: "s" }] } })).toContain("single-replica");
    expect(found(single, { config: { rules: { "single-replica": "off" } } })).not.toContain("single-replica");
    const { findings } = auditYaml(single, { config: { rules: { "single-replica": "info" } } });
    expect(findings.find(({ rule }) => rule === "single-replica")?.severity).toBe("info");
  });

  test("what the baseline has is known, in whatever order and wherever it stands", () => {
    const baseline = new Set(auditYaml(single).findings.map(({ fingerprint }) => fingerprint));
    expect(auditYaml(`# moved\n\n${single}`, { baseline }).findings.every(({ isKnown }) => isKnown)).toBe(true);
    const more = single + workload().replace("name: web, namespace: shop", "name: api, namespace: shop");
    expect(auditYaml(more, { baseline }).findings.some(({ isKnown }) => !isKnown)).toBe(true);
  });
});

test("the worst comes first", () => {
  const severities = auditYaml(workload() + scaler("maxReplicas: 1")).findings.map(({ severity }) => severity);
  const order = ["critical", "high", "medium", "low", "info"];
  expect(severities).toEqual(severities.toSorted((one, other) => order.indexOf(one) - order.indexOf(other)));
  expect(severities.length).toBeGreaterThan(2);
});

test("a zone that is lost and counts as empty: the replacements that wait are simulated", () => {
  const spread =
    "topologySpreadConstraints: [{maxSkew: 1, topologyKey: topology.kubernetes.io/zone, whenUnsatisfiable: DoNotSchedule, labelSelector: {matchLabels: {app: web}}}]";
  const pod = (on: string): string => runs(on).replace("containers:", `${spread}, containers:`);
  const zones = ["a", "b", "c"].flatMap((zone) =>
    [`${zone}1`, `${zone}2`, `${zone}3`].map((name) => [name, zone] as const),
  );
  const yaml =
    workload({ replicas: "replicas: 9", pod: `      ${spread}\n` }) +
    REPLICA_SET +
    zones.map(([name, zone]) => node(name, zone) + pod(name)).join("");
  const finding = auditYaml(yaml).findings.find(({ rule }) => rule === "spread-blocks-replacement");
  expect(finding?.proof).toMatch(/^simulated: loss of zone a leaves 6 of 9; 3 stay Pending \(/);
});

test("a patch removes what it is for, and brings nothing else", () => {
  const blocked = workload() + budget("minAvailable: 3, selector: {matchLabels: {app: web}}");
  const [fix] = auditYaml(blocked).findings.flatMap(({ rule, patch }) =>
    rule === "pdb-blocks-drain" && patch ? [patch] : [],
  );
  expect(fix?.object).toMatchObject({ spec: { minAvailable: null, maxUnavailable: 1 } });
  const patched = workload() + budget("minAvailable: null, maxUnavailable: 1, selector: {matchLabels: {app: web}}");
  expect(found(patched)).toEqual(found(blocked).filter((id) => id !== "pdb-blocks-drain"));

  const [added] = auditYaml(workload()).findings.flatMap(({ rule, patch }) =>
    rule === "pdb-missing" && patch ? [patch] : [],
  );
  const withBudget = `${workload()}---\n${JSON.stringify(added?.object)}\n`;
  expect(found(withBudget)).toEqual(found(workload()).filter((id) => id !== "pdb-missing"));
});

test("a budget on one replica blocks, and no patch is certain to be right", () => {
  const yaml = workload({ replicas: "replicas: 1" }) + budget("minAvailable: 1, selector: {matchLabels: {app: web}}");
  expect(auditYaml(yaml).findings.find(({ rule }) => rule === "pdb-blocks-drain")).not.toHaveProperty("patch");
});

test("a pod that Helm runs once as a test is no workload", () => {
  const pod = `apiVersion: v1
kind: Pod
metadata: {name: web-test, annotations: {helm.sh/hook: test}}
spec: {containers: [{name: wget, image: "busybox:1"}]}
`;
  expect(auditYaml(pod).workloads).toBe(0);
});

test("namespaces that are ignored have no findings", () => {
  expect(found(workload(), { config: { ignoreNamespaces: ["shop"] } })).toEqual([]);
});

describe("pods without the object that made them", () => {
  const seen =
    REPLICA_SET.replace("replicas: 3", "") + node("a1", "a") + node("b1", "b") + runs("a1") + runs("a1", "web-2");

  test("count as a workload with as many replicas, by the name of its top owner", () => {
    const { workloads, findings } = auditYaml(seen);
    expect(workloads).toBe(1);
    expect(findings.find(({ rule }) => rule === "observed-placement")?.message).toBe(
      "all 2 pods of Deployment shop/web are on node a1",
    );
  });

  test("and only once where the object is there", () => {
    expect(auditYaml(seen + workload()).workloads).toBe(1);
  });
});
