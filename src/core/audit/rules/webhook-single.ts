import type { AuditRule } from "../rule.ts";
import { isReplicated, nameOf } from "../workload.ts";

/** A webhook that has to answer, and one pod that answers. */
export const webhookSingle: AuditRule = {
  id: "webhook-single",
  title: "The cluster waits for a webhook of one replica",
  severity: "critical",
  breaks:
    "While its one pod is away, the API server refuses what the webhook is asked about: also the pods that would replace it.",
  check: ({ snapshot, workloads }) =>
    (
      [
        ["ValidatingWebhookConfiguration", snapshot.validatingWebhooks],
        ["MutatingWebhookConfiguration", snapshot.mutatingWebhooks],
      ] as const
    ).flatMap(([kind, configurations]) =>
      configurations.flatMap((object) => {
        const of = { kind, object };
        return object.webhooks.flatMap(({ failurePolicy, clientConfig: { service } }, index) => {
          if (failurePolicy !== "Fail" || service === undefined) return [];
          const served = workloads.filter(
            (workload) =>
              isReplicated(workload) &&
              workload.services.some(
                ({ metadata }) => metadata.name === service.name && metadata.namespace === service.namespace,
              ),
          );
          const replicas = served.reduce((sum, workload) => sum + workload.replicas.count, 0);
          const [first] = served;
          if (first === undefined || replicas > 1) return [];
          return [
            {
              of,
              message: `${kind} ${object.metadata.name} must be answered by ${nameOf(first)}, which has ${replicas} replica${replicas === 1 ? "" : "s"}`,
              fields: [{ of, path: ["webhooks", index, "failurePolicy"], value: failurePolicy }, first.replicas.field],
              prove: { workload: first, domain: "node" as const },
            },
          ];
        });
      }),
    ),
  page: {
    text: `\`failurePolicy: Fail\`, the default, and a Service whose workloads have one effective replica together. Webhooks of other
clusters (\`url\`) and Services of unknown workloads are not reported.`,
    bad: `apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 1
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: web, image: web}]
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}}
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: web}
webhooks:
  - name: web.example.com
    failurePolicy: Fail
    clientConfig: {service: {namespace: shop, name: web}}
`,
    good: `apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: web, image: web}]
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}}
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: web}
webhooks:
  - name: web.example.com
    failurePolicy: Fail
    clientConfig: {service: {namespace: shop, name: web}}
`,
  },
};
