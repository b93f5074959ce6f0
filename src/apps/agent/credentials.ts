/**
 * The certificate of this gateway: read, issued, renewed.
 * @module
 */
import { readFile } from "node:fs/promises";
import { gatewayIdentity } from "../../core/envoy/names.ts";
import { createRequest, issueLeaf, notAfter } from "../../adapters/pki/certificate-authority.ts";
import type { StatePaths } from "../../adapters/state/state-directory.ts";
import { replaceFile } from "../../adapters/state/write-file.ts";

/** What a gateway proves its identity with, PEM. */
export interface Credentials {
  readonly certificate: string;
  readonly key: string;
  /** The own site's authority. */
  readonly authority: string;
}

/** A certificate is renewed when it has lived for a day. */
const RENEW_AFTER_MS = 24 * 3_600_000;
const LEAF_LIFE_MS = 30 * RENEW_AFTER_MS;

/** Reads the credentials; undefined when this gateway never had any. */
export async function readCredentials(paths: StatePaths): Promise<Credentials | undefined> {
  try {
    const [certificate, key, authority] = await Promise.all([
      readFile(paths.leafCertificate, "utf8"),
      readFile(paths.leafKey, "utf8"),
      readFile(paths.authorityCertificate, "utf8"),
    ]);
    return { certificate, key, authority };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** Whether it is time for a new certificate. */
export function isRenewalDue(credentials: Credentials, now: number): boolean {
  return notAfter(credentials.certificate) - now < LEAF_LIFE_MS - RENEW_AFTER_MS;
}

/** Asks for a new certificate for a new key and keeps both. The key is written first: a certificate without its key would be useless. */
export async function renewCredentials(
  paths: StatePaths,
  sign: (request: string) => Promise<string>,
): Promise<Credentials> {
  const { request, key } = await createRequest();
  const certificate = await sign(request);
  const authority = await readFile(paths.authorityCertificate, "utf8");
  await replaceFile(paths.leafKey, key);
  await replaceFile(paths.leafCertificate, certificate);
  return { certificate, key, authority };
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
