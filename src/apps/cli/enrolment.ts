/**
 * Setting up state directories: the first gateway of a site makes its authority, further ones come with a token.
 * @module
 */
import { mkdir, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { createAuthority, createRequest } from "../../adapters/pki/certificate-authority.ts";
import { writeLeaf } from "../../adapters/pki/leaf-file.ts";
import { parseToken } from "../../adapters/pki/token.ts";
import { redeemToken } from "../../adapters/peers/redemption.ts";
import { createStateDirectory, statePaths, writeGatewayRecord } from "../../adapters/state/state-directory.ts";
import { replaceFile } from "../../adapters/state/write-file.ts";
import { gatewayIdentity, trustDomain } from "../../core/envoy/names.ts";
import { TandemError } from "../../model/errors.ts";

/** A new site's own manifest. */
export interface SiteManifest {
  readonly file: string;
  readonly text: string;
}

/**
 * Makes a site: its manifest, unless there is one, and the state directory of its first gateway, with a new authority.
 * The record is written last: interrupted before it, the same call does it all again.
 */
export async function initialiseSite(
  state: string,
  names: { readonly site: string; readonly gateway: string },
  manifest: SiteManifest,
  now: number,
): Promise<void> {
  await refuseExisting(state);
  await mkdir(dirname(manifest.file), { recursive: true });
  if (!(await exists(manifest.file))) await replaceFile(manifest.file, manifest.text, 0o644);
  const authority = await createAuthority(trustDomain(names.site), now);
  const paths = await createStateDirectory(state);
  await replaceFile(paths.authorityKey, authority.key);
  await replaceFile(paths.authorityCertificate, authority.certificate);
  await writeGatewayRecord(paths, { ...names, issuer: true });
}

/** Makes the state directory of a further gateway by redeeming a token. */
export async function enrolGateway(
  state: string,
  tokenText: string,
): Promise<{ readonly site: string; readonly gateway: string }> {
  const token = parseToken(tokenText);
  if (token.kind !== "gateway")
    throw new TandemError("TokenRefused", `the token is for site ${token.for}`, {
      remedy: "Redeem it with `tandem join`, or ask for one with `tandem token create --gateway NAME`",
    });
  await refuseExisting(state);
  // Before the token is used up: where no directory can be made it stays good.
  const paths = await createStateDirectory(state);
  const { request, key } = await createRequest();
  const redeemed = await redeemToken(
    token,
    { kind: "gateway", id: token.id, secret: token.secret, for: token.for, request },
    gatewayIdentity(token.site),
  );
  if (redeemed.certificate === undefined) throw new TandemError("JoinFailed", `${token.site} gave no certificate`);
  const names = { site: token.site, gateway: token.for };
  await replaceFile(paths.authorityCertificate, token.authority);
  await writeLeaf(paths.leaf, { certificate: redeemed.certificate, key });
  await writeGatewayRecord(paths, { ...names, issuer: false });
  return names;
}

async function refuseExisting(state: string): Promise<void> {
  const { record, root } = statePaths(state);
  if (await exists(record)) throw new TandemError("AlreadyInitialised", `${root} is in use`);
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
