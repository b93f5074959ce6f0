import { z } from "zod";
import { NamespacedMetadata, DnsLabel } from "./metadata.ts";

/** Annotation of a Service in a static site: the gateway's listener, `10080` or `http=10080,grpc=10090`. */
export const LISTEN_ANNOTATION = "tandem.dev/listen";

/** A port of a Service, core/v1 ServicePort as far as Tandem reads it. */
const ServicePort = z.looseObject({
  name: DnsLabel.optional(),
  protocol: z.enum(["TCP", "UDP", "SCTP"]).default("TCP"),
  appProtocol: z.string().optional(),
  port: z.int().min(1).max(65535),
  targetPort: z.union([z.int().min(1).max(65535), z.string()]).optional(),
});

/** core/v1 Service. Fields that Tandem does not read are allowed, as an API server would. */
export const Service = z.looseObject({
  apiVersion: z.literal("v1"),
  kind: z.literal("Service"),
  metadata: NamespacedMetadata.extend({ name: DnsLabel }),
  spec: z.looseObject({
    type: z.enum(["ClusterIP", "NodePort", "LoadBalancer", "ExternalName"]).default("ClusterIP"),
    ports: z.array(ServicePort).min(1, "has no port").max(64),
  }),
});
export type Service = z.infer<typeof Service>;
