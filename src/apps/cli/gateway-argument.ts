import { isIP } from "node:net";
import { DnsSubdomain } from "../../model/kinds/index.ts";

/** A gateway as it is given to `site init`. */
export interface GatewayArgument {
  readonly name: string;
  readonly address: string;
  readonly port: number;
}

/** Problems of the gateways' addresses, a sentence each: what is no address, and what two of them share. */
export function addressProblems(gateways: readonly GatewayArgument[]): readonly string[] {
  const bad = gateways
    .filter(({ address }) => !isAddress(address))
    .map(({ name, address }) => `--gateway ${name}: "${address}" is neither an IP address nor a DNS name`);
  const shared = gateways.flatMap((gateway, index) => {
    const former = gateways
      .slice(0, index)
      .find((one) => isSame(one.name, gateway.name) || isAtSamePlace(one, gateway));
    if (former === undefined) return [];
    return isSame(former.name, gateway.name)
      ? [`--gateway ${gateway.name} is given twice`]
      : [`--gateway ${former.name} and ${gateway.name} have the same address ${gateway.address}, port ${gateway.port}`];
  });
  return [...bad, ...shared];
}

function isAtSamePlace(left: GatewayArgument, right: GatewayArgument): boolean {
  return isSame(left.address, right.address) && left.port === right.port;
}

function isSame(left: string, right: string): boolean {
  return left.toLowerCase() === right.toLowerCase();
}

/**
 * Whether a text is an IP address or a DNS name. A name that ends in a number would be read as an IPv4 address, and not
 * be one (RFC 3696, section 2).
 */
export function isAddress(text: string): boolean {
  if (isIP(text) !== 0) return true;
  return DnsSubdomain.safeParse(text.toLowerCase().replace(/\.$/, "")).success && !/(^|\.)\d+\.?$/.test(text);
}
