/**
 * Changes of one object of a large cluster each.
 * @module
 */
import type { SimulatedCluster } from "../../test/kube/simulated-cluster.ts";
import {
  addressOf,
  modeOf,
  placeOf,
  type PodPlace,
  podOf,
  policyOf,
  protectedPlaces,
  type Scale,
  type ServicePlace,
  withPort,
} from "./large-cluster.ts";

/** A change and what it is called. */
export interface Change {
  readonly change: string;
  readonly make: (cluster: SimulatedCluster) => void;
}

/** Each about another Service, none of which is the first or the last one. @param place where the pods are */
export function changes(scale: Scale, place: PodPlace): readonly Change[] {
  const among = protectedPlaces(scale);
  const chosen = (mode: "Gateway" | "Direct", nth: number): ServicePlace => {
    const found = among.filter((one) => modeOf(one, scale) === mode)[nth];
    if (found === undefined) throw new Error(`there are fewer than ${nth + 1} Services in ${mode} mode`);
    return found;
  };
  const podGone = (one: ServicePlace) => (cluster: SimulatedCluster) => {
    const address = addressOf(one.index * scale.podsEach, place);
    cluster.seed("/pods", podOf(one, { pod: 0, address, ready: false }), one.namespace);
  };
  const portAdded = (one: ServicePlace) => (cluster: SimulatedCluster) => {
    const service = cluster.read("/services", one.name, one.namespace);
    if (service === undefined) throw new Error(`there is no Service ${one.namespace}/${one.name}`);
    cluster.seed("/services", withPort(service), one.namespace);
  };
  const policyChanged = (one: ServicePlace) => (cluster: SimulatedCluster) => {
    cluster.seed("tandem.dev/failoverpolicies", policyOf(one, modeOf(one, scale), 60), one.namespace);
  };
  const free = placeOf(among.some(({ index }) => index === 1) ? 2 : 1);
  return [
    { change: "a pod becomes unready, Gateway mode", make: podGone(chosen("Gateway", 1)) },
    { change: "a pod becomes unready, Direct mode", make: podGone(chosen("Direct", 1)) },
    { change: "a Service gets a port, Gateway mode", make: portAdded(chosen("Gateway", 2)) },
    { change: "a Service gets a port, Direct mode", make: portAdded(chosen("Direct", 2)) },
    { change: "a policy changes", make: policyChanged(chosen("Direct", 3)) },
    { change: "a pod of a Service without a policy becomes unready", make: podGone(free) },
    { change: "a Service without a policy gets a port", make: portAdded(free) },
  ];
}
