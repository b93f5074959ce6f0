import type { AuditRule } from "../rule.ts";
import { selectionOf } from "../../scheduling/selection.ts";
import { countsItself } from "../spreading.ts";
import { isLongRunning, nameOf, podField } from "../workload.ts";

/** A constraint that does not count the pod that it stands in. */
export const spreadSelectsOthers: AuditRule = {
  id: "spread-selects-others",
  title: "A spread constraint does not count its own pods",
  severity: "high",
  breaks: "Its own pods are not kept apart: all may run on one node, whose loss stops them together.",
  check: ({ workloads }) =>
    workloads.filter(isLongRunning).flatMap((workload) =>
      workload.template.spec.topologySpreadConstraints.flatMap((constraint, index) => {
        if (countsItself(constraint, workload)) return [];
        const why = selectionOf(constraint.labelSelector).isEmpty
          ? "an empty selector counts no pod"
          : constraint.labelSelector === undefined
            ? "without a selector no pod counts"
            : "its selector does not match the labels of the pods";
        return [
          {
            of: workload,
            message: `${nameOf(workload)} is not spread over ${constraint.topologyKey}: ${why}`,
            fields: [
              podField(workload, ["topologySpreadConstraints", index, "labelSelector"], constraint.labelSelector),
            ],
          },
        ];
      }),
    ),
  page: {
    text: `A constraint counts the pods that its selector matches. One that does not match the pod's own labels is written for another
workload; an absent one matches nothing; an empty one counts nothing either.`,
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
      topologySpreadConstraints:
        - {maxSkew: 1, topologyKey: topology.kubernetes.io/zone, whenUnsatisfiable: DoNotSchedule, labelSelector: {matchLabels: {app: wbe}}}
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
        - {maxSkew: 1, topologyKey: topology.kubernetes.io/zone, whenUnsatisfiable: DoNotSchedule, labelSelector: {matchLabels: {app: web}}}
`,
  },
};
