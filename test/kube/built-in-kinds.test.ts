import { afterAll, beforeAll, expect, test } from "vitest";
import { at, type JsonObject } from "./api/json.ts";
import { ClusterRequests } from "./cluster-requests.ts";
import { SimulatedCluster } from "./simulated-cluster.ts";

let cluster: SimulatedCluster;
let requests: ClusterRequests;

beforeAll(async () => {
  cluster = await SimulatedCluster.start({ tls: false, namespaces: ["shop"], establishAfterMs: "never" });
  requests = new ClusterRequests(cluster);
});
afterAll(() => cluster.close());

const pod: JsonObject = {
  metadata: { labels: { a: "b" } },
  spec: {
    containers: [
      {
        name: "c",
        image: "i:1",
        ports: [{ containerPort: 80 }],
        env: [
          { name: "X", value: "1" },
          { name: "P", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
        ],
        readinessProbe: { httpGet: { path: "/r", port: 80 } },
        resources: { requests: { cpu: "100m", memory: "64Mi" } },
        securityContext: { runAsNonRoot: true, capabilities: { drop: ["ALL"] } },
        volumeMounts: [{ name: "v", mountPath: "/v" }],
      },
    ],
    volumes: [{ name: "v", emptyDir: {} }],
    topologySpreadConstraints: [
      {
        maxSkew: 1,
        topologyKey: "zone",
        whenUnsatisfiable: "ScheduleAnyway",
        labelSelector: { matchLabels: { a: "b" } },
      },
    ],
    tolerations: [{ key: "x", operator: "Exists" }],
  },
};

const objects: readonly (readonly [string, JsonObject])[] = [
  [
    "/apis/apps/v1/namespaces/shop/deployments/d",
    {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "d" },
      spec: {
        replicas: 2,
        selector: { matchLabels: { a: "b" } },
        strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
        template: pod,
      },
    },
  ],
  [
    "/apis/apps/v1/namespaces/shop/daemonsets/d",
    {
      apiVersion: "apps/v1",
      kind: "DaemonSet",
      metadata: { name: "d" },
      spec: { selector: { matchLabels: { a: "b" } }, template: pod },
    },
  ],
  [
    "/api/v1/namespaces/shop/services/w",
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "w" },
      spec: { selector: { a: "b" }, ports: [{ name: "h", port: 80, targetPort: "http" }] },
    },
  ],
  [
    "/apis/policy/v1/namespaces/shop/poddisruptionbudgets/p",
    {
      apiVersion: "policy/v1",
      kind: "PodDisruptionBudget",
      metadata: { name: "p" },
      spec: { minAvailable: 1, selector: { matchLabels: { a: "b" } } },
    },
  ],
  [
    "/apis/networking.k8s.io/v1/namespaces/shop/networkpolicies/n",
    {
      apiVersion: "networking.k8s.io/v1",
      kind: "NetworkPolicy",
      metadata: { name: "n" },
      spec: {
        podSelector: {},
        policyTypes: ["Ingress"],
        ingress: [{ from: [{ namespaceSelector: {} }], ports: [{ port: 80, protocol: "TCP" }] }],
      },
    },
  ],
  [
    "/apis/rbac.authorization.k8s.io/v1/clusterroles/c",
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRole",
      metadata: { name: "c" },
      rules: [
        { apiGroups: [""], resources: ["services"], verbs: ["get"] },
        { nonResourceURLs: ["/x"], verbs: ["get"] },
      ],
    },
  ],
  [
    "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/c",
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRoleBinding",
      metadata: { name: "c" },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "c" },
      subjects: [{ kind: "ServiceAccount", name: "a", namespace: "shop" }],
    },
  ],
  [
    "/api/v1/namespaces/shop/secrets/s",
    { apiVersion: "v1", kind: "Secret", metadata: { name: "s" }, type: "Opaque", data: { a: "YQ==" } },
  ],
  ["/api/v1/namespaces/shop/serviceaccounts/s", { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "s" } }],
  [
    "/api/v1/namespaces/tandem",
    {
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name: "tandem", labels: { "pod-security.kubernetes.io/enforce": "restricted" } },
    },
  ],
  [
    "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies/v",
    {
      apiVersion: "admissionregistration.k8s.io/v1",
      kind: "ValidatingAdmissionPolicy",
      metadata: { name: "v" },
      spec: {
        failurePolicy: "Fail",
        matchConstraints: {
          resourceRules: [{ apiGroups: [""], apiVersions: ["v1"], operations: ["UPDATE"], resources: ["services"] }],
        },
        validations: [{ expression: "true" }],
      },
    },
  ],
  [
    "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings/v",
    {
      apiVersion: "admissionregistration.k8s.io/v1",
      kind: "ValidatingAdmissionPolicyBinding",
      metadata: { name: "v" },
      spec: { policyName: "v", validationActions: ["Deny"] },
    },
  ],
  [
    "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/g.x.dev",
    {
      apiVersion: "apiextensions.k8s.io/v1",
      kind: "CustomResourceDefinition",
      metadata: { name: "g.x.dev" },
      spec: {
        group: "x.dev",
        scope: "Namespaced",
        names: { plural: "g", kind: "G" },
        versions: [
          {
            name: "v1",
            served: true,
            storage: true,
            schema: {
              openAPIV3Schema: {
                type: "object",
                properties: { spec: { type: "object", properties: { a: { type: "string", default: "x" } } } },
              },
            },
          },
        ],
      },
    },
  ],
  [
    "/apis/coordination.k8s.io/v1/namespaces/shop/leases/l",
    {
      apiVersion: "coordination.k8s.io/v1",
      kind: "Lease",
      metadata: { name: "l" },
      spec: { holderIdentity: "x", renewTime: "2026-11-21T00:00:00.000000Z" },
    },
  ],
  [
    "/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices/e",
    {
      apiVersion: "discovery.k8s.io/v1",
      kind: "EndpointSlice",
      metadata: { name: "e", labels: { "kubernetes.io/service-name": "w" } },
      addressType: "IPv4",
      ports: [{ name: "h", port: 80 }],
      endpoints: [{ addresses: ["10.0.0.1"], conditions: { ready: false } }],
    },
  ],
];

test.each(objects)("applied twice or replaced by itself it does not change: %s", async (path, object) => {
  const apply = `${path}?fieldManager=tester&fieldValidation=Strict`;
  const created = await requests.patch("apply", apply, object);
  expect(created.status).toBe(201);
  const again = await requests.patch("apply", apply, object);
  expect(again.body).toEqual(created.body);
  const replaced = await requests.replace(path, created.body);
  expect(at(replaced.body, "metadata", "resourceVersion")).toBe(at(created.body, "metadata", "resourceVersion"));
});
