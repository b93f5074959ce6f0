/**
 * What a lab consists of and where: two sites on loopback addresses, two gateways and three endpoints each.
 * @module
 */
import { join } from "node:path";

/** What can be chosen about a lab. */
export interface LabOptions {
  /** Where its files are; short, since Unix sockets are in it. */
  readonly directory: string;
  /** First two numbers of its addresses, e.g. `127.20`: labs side by side have different ones. */
  readonly prefix: string;
  readonly profile: "standard" | "fast";
  /** As in the policy, e.g. `1s`. */
  readonly perTryTimeout: string;
  readonly holdDown: string;
  /** Whether the TCP service is checked by a question and its answer, or by a mere connect. */
  readonly tcpCheck: "sendReceive" | "connect";
  /** `own`: the lab starts the endpoints of its services; `given`: somebody else runs them on the same addresses. */
  readonly endpoints: "own" | "given";
  /** How long an endpoint takes to answer, e.g. `2ms`. */
  readonly latency: string;
}

/** What a lab is unless asked otherwise. */
export const LAB_DEFAULTS: Omit<LabOptions, "directory"> = {
  prefix: "127.20",
  profile: "standard",
  perTryTimeout: "1s",
  holdDown: "5s",
  tcpCheck: "sendReceive",
  endpoints: "own",
  latency: "2ms",
};

/** Ports on the gateways' addresses. */
export const LAB_PORTS = { http: 10080, tcp: 10070, peers: 15443, ready: 15021 } as const;

/** Ports on the endpoints' addresses. */
export const ENDPOINT_PORTS = { http: 8080, tcp: 7000 } as const;

/** A gateway with its agent. */
export interface LabGateway {
  readonly name: string;
  readonly address: string;
  readonly state: string;
}

/** One process of the service. */
export interface LabEndpoint {
  readonly name: string;
  readonly address: string;
  readonly control: string;
}

/** One site. */
export interface LabSite {
  readonly name: string;
  readonly manifests: string;
  readonly gateways: readonly LabGateway[];
  readonly endpoints: readonly LabEndpoint[];
}

/** The sites of a lab. `west` is where its clients are. */
export function labSites(options: Pick<LabOptions, "directory" | "prefix">): readonly [LabSite, LabSite] {
  return [labSite(options, "west", 1), labSite(options, "east", 2)];
}

function labSite(
  { directory, prefix }: Pick<LabOptions, "directory" | "prefix">,
  name: string,
  number: number,
): LabSite {
  const gateway = (index: number): LabGateway => ({
    name: `${name}-${index}`,
    address: `${prefix}.${number}.${99 + index}`,
    state: join(directory, `${name}-${index}`),
  });
  const endpoint = (index: number): LabEndpoint => ({
    name: `web-${index}`,
    address: `${prefix}.${number}.${index}`,
    control: join(directory, `${name}-web-${index}.sock`),
  });
  return {
    name,
    manifests: join(directory, name),
    gateways: [gateway(1), gateway(2)],
    endpoints: [endpoint(1), endpoint(2), endpoint(3)],
  };
}
