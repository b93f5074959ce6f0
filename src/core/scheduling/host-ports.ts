/**
 * Ports of nodes that pods take.
 * @module
 */
import type { ContainerPort, Pod } from "../../model/snapshot/pod.ts";
import { isSidecar } from "./pod-requests.ts";

/** A port of a node, on one of its addresses or, as `0.0.0.0`, on all of them. */
export interface HostPort {
  readonly address: string;
  readonly protocol: string;
  readonly port: number;
}

const ALL_ADDRESSES = "0.0.0.0";

/** The ports that a pod takes for as long as it runs; those of init containers that end are not among them. */
export function hostPortsOf({ spec }: Pod): readonly HostPort[] {
  return [...spec.initContainers.filter(isSidecar), ...spec.containers]
    .flatMap(({ ports }) => ports)
    .filter(({ hostPort }) => hostPort > 0)
    .map(takenBy);
}

/** Whether both cannot be had on one node. */
export function collide(one: HostPort, other: HostPort): boolean {
  if (one.port !== other.port || one.protocol !== other.protocol) return false;
  return one.address === other.address || one.address === ALL_ADDRESSES || other.address === ALL_ADDRESSES;
}

function takenBy({ hostIP, protocol, hostPort }: ContainerPort): HostPort {
  return {
    address: hostIP === "" ? ALL_ADDRESSES : hostIP,
    protocol: protocol === "" ? "TCP" : protocol,
    port: hostPort,
  };
}
