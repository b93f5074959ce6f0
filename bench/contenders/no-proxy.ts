import { ports } from "../rig/topology.ts";
import type { BackendPlace } from "../rig/topology.ts";
import type { LoadTarget } from "../../src/apps/lab/load/options.ts";
import type { Contender } from "./contender.ts";

/** Clients connect to the local backends themselves, as through kube-proxy. */
export const noProxy: Contender = {
  name: "no proxy",
  description:
    "Clients balance over the three local backends as behind kube-proxy; endpoints leave the list after Kubernetes' delays.",
  supports: () => true,
  start: async ({ topology, protocol }) => {
    const port = protocol === "http" ? ports.backendHttp : ports.backendTcp;
    const targetsOf = (places: readonly BackendPlace[]): LoadTarget[] =>
      places.map(({ address }) => ({ address: `${address}:${port}`, ready: null }));
    return {
      targets: targetsOf(topology.west.backends),
      localGateways: [],
      peerGateways: [],
      localAgents: [],
      peerAgents: [],
      publishEndpoints: async ({ west }) => targetsOf(west.backends),
    };
  },
};
