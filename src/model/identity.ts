/**
 * Who gateways are to each other: SPIFFE identities, https://github.com/spiffe/spiffe/blob/main/standards/SPIFFE-ID.md.
 * @module
 */

/** SPIFFE trust domain of a site. */
export function trustDomain(site: string): string {
  return `${site}.tandem`;
}

/** SPIFFE identity of a site's gateways. */
export function gatewayIdentity(site: string): string {
  return `spiffe://${trustDomain(site)}/gateway`;
}

/** The site whose gateways have an identity; undefined for any other identity. */
export function siteOfIdentity(identity: string): string | undefined {
  return /^spiffe:\/\/([a-z0-9-]+)\.tandem\/gateway$/.exec(identity)?.[1];
}
