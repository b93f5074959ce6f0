import { type EnvoyResource, extension } from "./resource.ts";

/** Files of one site's identity; `peerAuthority` is the only authority that it trusts. */
export interface IdentityFiles {
  readonly certificate: string;
  readonly key: string;
  readonly peerAuthority: string;
}

/** Metadata that marks an endpoint as a peer's gateway, for {@link transportByEndpoint}. */
export const peerEndpoint: EnvoyResource = matchedBy("peer");
/** Metadata that marks an endpoint as a local backend. */
export const localEndpoint: EnvoyResource = matchedBy("local");

function matchedBy(kind: string): EnvoyResource {
  return { filter_metadata: { "envoy.transport_socket_match": { kind } } };
}

/** mTLS to peers' gateways and plain text to local backends, within one cluster. */
export function transportByEndpoint(files: IdentityFiles, sni: string): EnvoyResource {
  return {
    transport_socket_matches: [
      { name: "peer", match: { kind: "peer" }, transport_socket: upstreamTls(files, sni) },
      {
        name: "local",
        match: {},
        transport_socket: extension(
          "envoy.transport_sockets.raw_buffer",
          "envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer",
        ),
      },
    ],
  };
}

function upstreamTls(files: IdentityFiles, sni: string): EnvoyResource {
  return extension(
    "envoy.transport_sockets.tls",
    "envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext",
    // More than one session key, or every second connection pays for a whole handshake.
    { common_tls_context: tlsContext(files), sni, max_session_keys: 64 },
  );
}

/** mTLS for a listener: nobody without a certificate of the peer's authority. */
export function downstreamTls(files: IdentityFiles, alpn: readonly string[]): EnvoyResource {
  const context = { ...tlsContext(files), ...(alpn.length > 0 ? { alpn_protocols: alpn } : {}) };
  return extension("envoy.transport_sockets.tls", "envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext", {
    common_tls_context: context,
    require_client_certificate: true,
  });
}

function tlsContext({ certificate, key, peerAuthority }: IdentityFiles): EnvoyResource {
  return {
    tls_certificates: [{ certificate_chain: { filename: certificate }, private_key: { filename: key } }],
    validation_context: { trusted_ca: { filename: peerAuthority } },
  };
}
