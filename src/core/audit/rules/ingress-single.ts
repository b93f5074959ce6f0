import type { AuditRule } from "../rule.ts";
import { isReplicated, nameOf, runningContainers } from "../workload.ts";

/** An ingress or gateway controller with one replica. */
export const ingressSingle: AuditRule = {
  id: "ingress-single",
  title: "One replica of the ingress controller",
  severity: "critical",
  breaks: "While its one pod is away nothing comes in from outside.",
  check: ({ workloads }) =>
    workloads
      .filter(
        (workload) =>
          isReplicated(workload) &&
          workload.replicas.count === 1 &&
          runningContainers(workload).some(({ container }) => CONTROLLERS.test(container.image)),
      )
      .map((workload) => ({
        of: workload,
        message: `${nameOf(workload)} lets all traffic in with one replica`,
        fields: [workload.replicas.field],
        prove: { workload, domain: "node" as const },
      })),
  page: {
    text: `Known by their images: ingress-nginx, Traefik, HAProxy, Kong, Contour, Emissary, the NGINX ingress controller. Those that only
configure a load balancer outside are not in the way of traffic, and not reported here.`,
    bad: `apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 1
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: controller, image: "registry.k8s.io/ingress-nginx/controller:v1.14.0"}]
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
      containers: [{name: controller, image: "registry.k8s.io/ingress-nginx/controller:v1.14.0"}]
`,
  },
};

const CONTROLLERS =
  /(^|\/)(ingress-nginx\/controller|nginx-ingress|traefik|kubernetes-ingress|haproxy-ingress|kong|contour|emissary)(:|@|$)/;
