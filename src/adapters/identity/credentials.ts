/**
 * The certificate of this gateway: read, issued, renewed.
 * @module
 */
import { readFile } from "node:fs/promises";
import { gatewayIdentity } from "../../model/identity.ts";
import {
  checkKey,
  createRequest,
  isCertificate,
  issueLeaf,
  LEAF_LIFE_MS,
  notAfter,
  type PemPair,
} from "../pki/certificate-authority.ts";
import { readLeaf, writeLeaf } from "../pki/leaf-file.ts";
import type { StatePaths } from "../state/state-directory.ts";
import { TandemError } from "../../model/errors.ts";

/** What a gateway proves its identity with, PEM. */
export interface Credentials {
  readonly certificate: string;
  readonly key: string;
  /** The own site's authority. */
  readonly authority: string;
}

/** A certificate is renewed when it has lived for a day. */
const RENEW_AFTER_MS = 24 * 3_600_000;

/**
 * Reads the credentials; undefined when this gateway never had any.
 * @throws TandemError AgentCannotStart naming the file that is damaged
 */
export async function readCredentials(paths: StatePaths): Promise<Credentials | undefined> {
  const leaf = await readLeaf(paths.leaf);
  if (leaf === undefined) return undefined;
  if (!isCertificate(leaf.certificate) || (await checkKey(leaf.certificate, leaf.key)) !== "fits")
    throw new TandemError("AgentCannotStart", `${paths.leaf} does not hold a certificate and its key`, {
      remedy: "Remove it: the site's first gateway makes itself a new one, any other has to be enrolled again",
    });
  return { ...leaf, authority: await readAuthorityCertificate(paths) };
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
  const authority = await readAuthorityCertificate(paths);
  return { ...(await writeLeaf(paths.leaf, { certificate, key })), authority };
}

/**
 * Signs requests of the own site's gateways; only where the authority's key is.
 * @throws TandemError AgentCannotStart naming the file that is missing or damaged
 */
export async function openAuthority(
  paths: StatePaths,
  site: string,
): Promise<(request: string, now: number) => Promise<string>> {
  const authority = await readAuthority(paths);
  return (request, now) => issueLeaf(authority, request, { uri: gatewayIdentity(site), now });
}

async function readAuthority(paths: StatePaths): Promise<PemPair> {
  const certificate = await readAuthorityCertificate(paths);
  const key = await readPart(paths.authorityKey);
  const verdict = await checkKey(certificate, key);
  if (verdict === "unreadable") throw damaged(`${paths.authorityKey} does not hold the key of an authority`);
  if (verdict === "of another")
    throw damaged(`the key in ${paths.authorityKey} is not that of ${paths.authorityCertificate}`);
  return { certificate, key };
}

async function readAuthorityCertificate(paths: StatePaths): Promise<string> {
  const certificate = await readPart(paths.authorityCertificate);
  if (!isCertificate(certificate)) throw damaged(`${paths.authorityCertificate} does not hold a certificate`);
  return certificate;
}

async function readPart(path: string): Promise<string> {
  return readFile(path, "utf8").catch((error: unknown) => {
    throw damaged(`${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`, error);
  });
}

function damaged(message: string, cause?: unknown): TandemError {
  return new TandemError("AgentCannotStart", message, {
    remedy: "Restore the file from a backup; without one, the site needs a new authority and has to be joined again",
    cause,
  });
}
