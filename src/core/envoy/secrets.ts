import type { SecretJson } from "../../gen/envoy/extensions/transport_sockets/tls/v3/secret_pb.js";
import { LEAF_SECRET, MEMBERS_SECRET, peerValidation } from "./names.ts";
import { gatewayIdentity, trustDomain } from "../../model/identity.ts";
import { any } from "../../model/xds-resource.ts";

/** Certificate chain and key of this gateway, PEM. */
export interface Leaf {
  readonly chain: string;
  readonly key: string;
}

/** A site's trust domain: the certificate authorities that vouch for it, PEM. */
export interface TrustDomain {
  readonly site: string;
  readonly bundle: string;
}

/** This gateway's certificate as an SDS secret. Never written to the snapshot: it is read from the state directory at each start. */
export function leafSecret(leaf: Leaf): SecretJson {
  return {
    name: LEAF_SECRET,
    tlsCertificate: { certificateChain: { inlineString: leaf.chain }, privateKey: { inlineString: leaf.key } },
  };
}

/** Who may connect: any member, each vouched for by its own authorities only. */
export function membersSecret(members: readonly TrustDomain[]): SecretJson {
  return { name: MEMBERS_SECRET, validationContext: { customValidatorConfig: spiffe(members) } };
}

/** Who a peer has to be: of exactly one trust domain, with exactly the identity of its gateways. */
export function peerSecret(peer: TrustDomain): SecretJson {
  return {
    name: peerValidation(peer.site),
    validationContext: {
      customValidatorConfig: spiffe([peer]),
      matchTypedSubjectAltNames: [{ sanType: "URI", matcher: { exact: gatewayIdentity(peer.site) } }],
    },
  };
}

function spiffe(domains: readonly TrustDomain[]): { name: string; typedConfig: ReturnType<typeof any> } {
  return {
    name: "envoy.tls.cert_validator.spiffe",
    typedConfig: any("envoy.extensions.transport_sockets.tls.v3.SPIFFECertValidatorConfig", {
      trustDomains: domains.map(({ site, bundle }) => ({
        name: trustDomain(site),
        trustBundle: { inlineString: bundle },
      })),
    }),
  };
}
