import type { AuditRule } from "../rule.ts";
import { isReplicated, nameOf } from "../workload.ts";

/** CoreDNS or kube-dns with one replica. */
export const dnsSingle: AuditRule = {
  id: "dns-single",
  title: "One replica of the cluster DNS",
  severity: "critical",
  breaks: "While its one pod is away no name resolves: every Service that calls another one by name fails.",
  check: ({ workloads }) =>
    workloads
      .filter(
        (workload) =>
          isReplicated(workload) &&
          workload.namespace === "kube-system" &&
          workload.replicas.count === 1 &&
          (workload.template.metadata.labels["k8s-app"] === "kube-dns" || workload.name === "coredns"),
      )
      .map((workload) => ({
        of: workload,
        message: `${nameOf(workload)} resolves all names with one replica`,
        fields: [workload.replicas.field],
        prove: { workload, domain: "node" as const },
      })),
  page: {
    text: `In the namespace kube-system, by the label \`k8s-app: kube-dns\` or the name \`coredns\`.`,
    bad: `apiVersion: apps/v1
kind: Deployment
metadata: {name: coredns, namespace: kube-system}
spec:
  replicas: 1
  selector: {matchLabels: {app: coredns}}
  template:
    metadata: {labels: {app: coredns}}
    spec:
      containers: [{name: web, image: web}]
`,
    good: `apiVersion: apps/v1
kind: Deployment
metadata: {name: coredns, namespace: kube-system}
spec:
  replicas: 2
  selector: {matchLabels: {app: coredns}}
  template:
    metadata: {labels: {app: coredns}}
    spec:
      containers: [{name: web, image: web}]
`,
  },
};
