/**
 * The socket through which a gateway reaches one gateway of a peer. Its name carries the address, so that what Envoy
 * says of the socket can be told apart again.
 * @module
 */
import { endpointKey } from "./service-view.ts";

const NAME = /(?:^|\/)to-(.+)-(\d+)\.sock$/;

/** Path of the socket to a gateway, below `directory`. */
export function peerHopSocket(directory: string, gateway: { readonly address: string; readonly port: number }): string {
  return `${directory}/to-${gateway.address.replaceAll(":", "_")}-${gateway.port}.sock`;
}

/** `address:port` of the gateway that a socket leads to; undefined for other paths. */
export function peerOfHopSocket(path: string): string | undefined {
  const match = NAME.exec(path);
  return match === null ? undefined : endpointKey((match[1] ?? "").replaceAll("_", ":"), Number(match[2]));
}
