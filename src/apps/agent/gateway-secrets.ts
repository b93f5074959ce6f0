import { leafSecret, membersSecret, peerSecret } from "../../core/envoy/secrets.ts";
import type { SiteRecord } from "../../model/catalog.ts";
import type { XdsResource } from "../../model/xds-resource.ts";
import type { Credentials } from "../../adapters/identity/credentials.ts";

/** The secrets of a gateway's Envoy: its certificate, who may connect, and who each peer has to be. */
export function gatewaySecrets(
  site: string,
  credentials: Credentials,
  members: readonly SiteRecord[],
): readonly XdsResource[] {
  const domains = members.map((member) => ({ site: member.name, bundle: member.trustBundle }));
  return [
    { type: "secret", name: "leaf", body: leafSecret({ chain: credentials.certificate, key: credentials.key }) },
    { type: "secret", name: "members", body: membersSecret([{ site, bundle: credentials.authority }, ...domains]) },
    ...domains.map((domain): XdsResource => {
      const body = peerSecret(domain);
      return { type: "secret", name: body.name ?? "", body };
    }),
  ];
}
