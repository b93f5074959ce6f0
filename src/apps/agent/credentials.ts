/**
 * The certificate of this gateway: read, issued, renewed.
 * @module
 */
import { readFile } from "node:fs/promises";
import { gatewayIdentity } from "../../core/envoy/names.ts";
import { createRequest, issueLeaf, LEAF_LIFE_MS, notAfter } from "../../adapters/pki/certificate-authority.ts";
import { readLeaf, writeLeaf } from "../../adapters/pki/leaf-file.ts";
import type { StatePaths } from "../../adapters/state/state-directory.ts";

/** What a gateway proves its identity with, PEM. */
export interface Credentials {
  readonly certificate: string;
  readonly key: string;
  /** The own site's authority. */
  readonly authority: string;
}

/** A certificate is renewed when it has lived for a day. */
const RENEW_AFTER_MS = 24 * 3_600_000;

/** Reads the credentials; undefined when this gateway never had any. */
export async function readCredentials(paths: StatePaths): Promise<Credentials | undefined> {
  const leaf = await readLeaf(paths.leaf);
  return leaf === undefined ? undefined : { ...leaf, authority: await readFile(paths.authorityCertificate, "utf8") };
}

/** Whether it is time for a new certificate. */
export function isRenewalDue(credentials: Credentials, now: number): boolean {
  return notAfter(credentials.certificate) - now < LEAF_LIFE_MS - RENEW_AFTER_MS;
}

/** Asks for a new certificate for a new key and keeps both. */
export async function renewCredentials(
  paths: StatePaths,
  sign: (request: string) => Promise<string>,
): Promise<Credentials> {
  const { request, key } = await createRequest();
  const certificate = await sign(request);
  const authority = await readFile(paths.authorityCertificate, "utf8");
  return { ...(await writeLeaf(paths.leaf, { certificate, key })), authority };
}

/** Signs requests of the own site's gateways; only where the authority's key is. */
export async function openAuthority(
  paths: StatePaths,
  site: string,
): Promise<(request: string, now: number) => Promise<string>> {
  const authority = {
    certificate: await readFile(paths.authorityCertificate, "utf8"),
    key: await readFile(paths.authorityKey, "utf8"),
  };
  return (request, now) => issueLeaf(authority, request, { uri: gatewayIdentity(site), now });
}
