/**
 * Who reaches Tandem's pods: a Service and NetworkPolicies.
 * @module
 */
import { LISTEN_PORTS } from "../takeover/allot-listen-ports.ts";
import { GATEWAY_PORT, READY_PORT } from "../../model/kinds/index.ts";
import type { InstallOptions } from "./install-options.ts";
import { type Component, componentName, type InstalledObject, podLabels } from "./installed-object.ts";
import { CONTROLLER_READY_PORT } from "./ports.ts";

/** Ports that API servers give to Services of type NodePort unless they were told others. */
const NODE_PORTS = { first: 30_000, last: 32_767 } as const;

/** The Service for other sites. */
export function peersService(options: InstallOptions): InstalledObject {
  const { namespace, serviceType } = options;
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: componentName("gateway"), namespace },
    spec: {
      type: serviceType,
      ports: [{ name: "peers", port: GATEWAY_PORT, targetPort: "peers", protocol: "TCP", ...nodePort(options) }],
      selector: podLabels("gateway"),
      ipFamilyPolicy: "PreferDualStack",
    },
  };
}

/** Of a Service of type NodePort the port that is advertised, where it can be one. */
function nodePort({ serviceType, advertised }: InstallOptions): { readonly nodePort?: number } {
  const [port, ...others] = new Set(advertised.map((one) => one.port));
  const isOne = port !== undefined && others.length === 0 && port >= NODE_PORTS.first && port <= NODE_PORTS.last;
  return serviceType === "NodePort" && isOne ? { nodePort: port } : {};
}

/**
 * What may come in. Clients of a Service come from everywhere, as they did to its pods. What goes out is not limited: it
 * goes to pods on whichever port they have, to other sites and to the API server, whose address nobody knows here.
 */
export function networkPolicies(namespace: string): readonly InstalledObject[] {
  const tcp = (port: number, endPort?: number): object => ({
    protocol: "TCP",
    port,
    ...(endPort === undefined ? {} : { endPort }),
  });
  return [
    networkPolicy("gateway", namespace, [
      { ports: [tcp(GATEWAY_PORT), tcp(READY_PORT), tcp(LISTEN_PORTS.first, LISTEN_PORTS.last)] },
    ]),
    networkPolicy("controller", namespace, [{ ports: [tcp(CONTROLLER_READY_PORT)] }]),
  ];
}

function networkPolicy(component: Component, namespace: string, ingress: readonly object[]): InstalledObject {
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: { name: componentName(component), namespace },
    spec: { podSelector: { matchLabels: podLabels(component) }, policyTypes: ["Ingress"], ingress },
  };
}
