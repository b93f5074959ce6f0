/**
 * The kinds that Tandem reads, one Zod definition each.
 * @module
 */
import type { z } from "zod";
import { EndpointSlice } from "./endpoint-slice.ts";
import { FailoverPolicy } from "./failover-policy.ts";
import { Service } from "./service.ts";
import { Site } from "./site.ts";
import { Switch } from "./switch.ts";

/** Every kind by name, in the order in which reference docs list them. */
export const KINDS = { Site, FailoverPolicy, Switch, Service, EndpointSlice } as const;

/** Name of a kind Tandem reads. */
export type KindName = keyof typeof KINDS;

/** A validated object of any kind, told apart by `kind`. */
export type KindObject = { [K in KindName]: z.infer<(typeof KINDS)[K]> }[KindName];

export { EndpointSlice, SERVICE_NAME_LABEL } from "./endpoint-slice.ts";
export { FailoverPolicy, HealthCheck, isPaused, PAUSED_ANNOTATION } from "./failover-policy.ts";
export { TANDEM_API_VERSION, DnsLabel, DnsSubdomain } from "./metadata.ts";
export { Reason } from "./switch.ts";
export { LISTEN_ANNOTATION, Service } from "./service.ts";
export { GATEWAY_PORT, type GatewayAddress, JOIN_OPEN_ANNOTATION, READY_PORT, Site, SiteLabels } from "./site.ts";
export { Switch } from "./switch.ts";
