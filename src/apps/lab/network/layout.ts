/**
 * What a lab consists of and where: two sites on loopback addresses, two gateways and three endpoints each.
 * @module
 */
import { join } from "node:path";
import { z } from "zod";
import { parseDuration } from "../../../model/duration.ts";

/** A duration as it is written in a manifest; it stays text. @param least shortest one allowed, in milliseconds */
const durationText = (least: number): z.ZodString =>
  z.string().refine((text) => (parseDuration(text) ?? -1) >= least, {
    error: `is not a duration${least > 0 ? " longer than 0s" : ""}; write for example 250ms, 5s or 1m`,
  });

/** What can be chosen about a lab. */
export const LabOptions = z
  .object({
    /** Where its files are; short, since Unix sockets are in it. */
    directory: z.string().min(1, "is empty; name a directory"),
    /** First two numbers of its addresses, e.g. `127.20`: labs side by side have different ones. */
    prefix: z
      .string()
      .regex(
        /^127\.(\d|[1-9]\d|1\d\d|2[0-4]\d|25[0-5])$/,
        "is not the beginning of a loopback address; write 127.0 to 127.255, for example 127.20",
      ),
    profile: z.enum(["standard", "fast"]),
    /** As in the policy, e.g. `1s`. */
    perTryTimeout: durationText(1),
    holdDown: durationText(0),
    /** Whether the TCP service is checked by a question and its answer, or by a mere connect. */
    tcpCheck: z.enum(["sendReceive", "connect"]),
    /** `own`: the lab starts the endpoints of its services; `given`: somebody else runs them on the same addresses. */
    endpoints: z.enum(["own", "given"]),
    /** How long an endpoint takes to answer, e.g. `2ms`. */
    latency: durationText(0),
  })
  .readonly();
export type LabOptions = z.infer<typeof LabOptions>;

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
