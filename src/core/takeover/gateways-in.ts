/**
 * What slices say of gateways, for whoever knows of none: a release from a laptop must not empty them while they are all
 * that a Service has.
 * @module
 */
import type { ClusterService, ClusterSlice, TakeoverGateway } from "../../model/takeover.ts";

/** The gateways whose addresses are in slices, each named by its address. */
export function gatewaysIn(slices: readonly ClusterSlice[]): readonly TakeoverGateway[] {
  return slices.flatMap(({ addressType, endpoints }) =>
    (endpoints ?? []).flatMap(({ addresses: [address] }) =>
      address === undefined ? [] : [{ name: address, addresses: { [addressType]: address } }],
    ),
  );
}

/** The gateways' listener of each port of a Service, as slices say it. */
export function listenPortsIn({ spec }: ClusterService, slices: readonly ClusterSlice[]): ReadonlyMap<number, number> {
  const known = slices.flatMap(({ ports }) => ports ?? []);
  return new Map(
    spec.ports.flatMap(({ name, port }) => {
      const listen = known.find((one) => (one.name ?? "") === name)?.port;
      return listen === undefined || listen === null ? [] : [[port, listen] as const];
    }),
  );
}
