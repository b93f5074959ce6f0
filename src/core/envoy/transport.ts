import type { TransportSocketJson } from "../../gen/envoy/config/core/v3/base_pb.js";
import { LEAF_SECRET, peerValidation } from "./names.ts";
import { any } from "../../model/xds-resource.ts";

const SDS_OVER_ADS = { ads: {}, resourceApiVersion: "V3" } as const;

/** A secret that arrives over the same stream as everything else. */
export function sdsSecret(name: string): { name: string; sdsConfig: typeof SDS_OVER_ADS } {
  return { name, sdsConfig: SDS_OVER_ADS };
}

/**
 * mTLS to one peer: this gateway's certificate, and exactly one trust domain and gateway identity on the other side.
 * ALPN is left to the connection pool; setting it here makes HTTP/1.1 pools negotiate h2.
 */
export function peerTls(site: string, serverName: string): TransportSocketJson {
  return {
    name: "envoy.transport_sockets.tls",
    typedConfig: any("envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext", {
      commonTlsContext: {
        tlsParams: { tlsMinimumProtocolVersion: "TLSv1_3", tlsMaximumProtocolVersion: "TLSv1_3" },
        tlsCertificateSdsSecretConfigs: [sdsSecret(LEAF_SECRET)],
        validationContextSdsSecretConfig: sdsSecret(peerValidation(site)),
      },
      sni: serverName,
      // One kept session makes parallel handshakes full ones.
      maxSessionKeys: 64,
    }),
  };
}
