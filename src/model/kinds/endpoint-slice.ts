import { z } from "zod";
import { NamespacedMetadata } from "./metadata.ts";

/** Label that ties an EndpointSlice to its Service. */
export const SERVICE_NAME_LABEL = "kubernetes.io/service-name";

/** discovery.k8s.io/v1 Endpoint as far as Tandem reads it. */
const Endpoint = z.looseObject({
  addresses: z
    .array(z.union([z.ipv4("is not an IP address"), z.ipv6("is not an IP address")]))
    .min(1, "has no address"),
  /** Kubernetes treats an absent `ready` as true. */
  conditions: z
    .looseObject({ ready: z.boolean().nullish(), serving: z.boolean().nullish(), terminating: z.boolean().nullish() })
    .default({}),
  nodeName: z.string().nullish(),
  zone: z.string().nullish(),
});

/** discovery.k8s.io/v1 EndpointSlice. */
export const EndpointSlice = z.looseObject({
  apiVersion: z.literal("discovery.k8s.io/v1"),
  kind: z.literal("EndpointSlice"),
  metadata: NamespacedMetadata.refine((metadata) => metadata.labels[SERVICE_NAME_LABEL] !== undefined, {
    error: `has no label ${SERVICE_NAME_LABEL}, so it belongs to no Service`,
    path: ["labels"],
  }),
  addressType: z.enum(["IPv4", "IPv6", "FQDN"]),
  endpoints: z.array(Endpoint).max(1000),
  ports: z.array(
    z.looseObject({
      name: z.string().nullish(),
      protocol: z.enum(["TCP", "UDP", "SCTP"]).nullish(),
      port: z.int().min(1).max(65535),
    }),
  ),
});
export type EndpointSlice = z.infer<typeof EndpointSlice>;
