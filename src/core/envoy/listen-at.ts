import type { ListenerJson } from "../../gen/envoy/config/listener/v3/listener_pb.js";

/** Where a listener is: one port at one address, or at one of each IP family. */
export interface ListenPlace {
  readonly address: string;
  readonly port: number;
  readonly otherAddresses?: readonly string[] | undefined;
}

/** The fields of a listener that say where it is. */
export function listenAt(place: ListenPlace): Pick<ListenerJson, "address" | "additionalAddresses"> {
  const { address, port, otherAddresses = [] } = place;
  const at = (one: string): NonNullable<ListenerJson["address"]> => ({
    socketAddress: { address: one, portValue: port },
  });
  const more = otherAddresses.map((other) => ({ address: at(other) }));
  return { address: at(address), ...(more.length === 0 ? {} : { additionalAddresses: more }) };
}
