/**
 * Setting up state directories: the first gateway of a site makes its authority, further ones come with a token.
 * @module
 */
import { readFile, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { parse } from "yaml";
import { createAuthority, createRequest } from "../../adapters/pki/certificate-authority.ts";
import { writeLeaf } from "../../adapters/pki/leaf-file.ts";
import { parseToken, type Token } from "../../adapters/pki/token.ts";
import { redeemToken } from "../../adapters/peers/redemption.ts";
import { makeDirectory, removeMade } from "../../adapters/state/make-directory.ts";
import {
  createStateDirectory,
  requireShortPath,
  type StatePaths,
  statePaths,
  writeGatewayRecord,
} from "../../adapters/state/state-directory.ts";
import { replaceFile } from "../../adapters/state/write-file.ts";
import { gatewayIdentity, trustDomain } from "../../model/identity.ts";
import { TandemError } from "../../model/errors.ts";
import { Site } from "../../model/kinds/index.ts";

/** A new site's own manifest. */
export interface SiteManifest {
  readonly file: string;
  readonly text: string;
}

/**
 * Makes a site: its manifest, unless there is one, and the state directory of its first gateway, with a new authority.
 * The record is written last: interrupted before it, the same call does it all again.
 * @throws TandemError AlreadyInitialised, InvalidArgument when the state directory's path is too long for its sockets,
 *   SiteManifestDiffers when there is a manifest that says something else
 */
export async function initialiseSite(
  state: string,
  names: { readonly site: string; readonly gateway: string },
  manifest: SiteManifest,
  now: number,
): Promise<void> {
  requireShortPath(statePaths(state));
  await refuseExisting(state);
  const isThere = await requireSame(manifest);
  const made: string[] = [];
  try {
    made.push(...(await makeDirectory(statePaths(state).root, 0o700)));
    made.push(...(await makeDirectory(dirname(manifest.file))));
    if (!isThere) await replaceFile(manifest.file, manifest.text, 0o644);
  } catch (error) {
    await removeMade(made);
    throw error;
  }
  const authority = await createAuthority(trustDomain(names.site), now);
  const paths = await createStateDirectory(state);
  await replaceFile(paths.authorityKey, authority.key);
  await replaceFile(paths.authorityCertificate, authority.certificate);
  await writeGatewayRecord(paths, { ...names, issuer: true });
}

/** Makes the state directory of a further gateway by redeeming a token. Where that fails no empty directory stays. */
export async function enrolGateway(
  state: string,
  tokenText: string,
): Promise<{ readonly site: string; readonly gateway: string }> {
  const token = parseToken(tokenText);
  if (token.kind !== "gateway")
    throw new TandemError("TokenRefused", `the token is for site ${token.for}`, {
      remedy: "Redeem it with `tandem join`, or ask for one with `tandem token create --gateway NAME`",
    });
  const paths = statePaths(state);
  requireShortPath(paths);
  await refuseExisting(state);
  // Before the token is used up: where no directory can be made it stays good.
  const made = await makeDirectory(paths.root, 0o700);
  try {
    await createStateDirectory(state);
    return await redeemInto(paths, token);
  } catch (error) {
    await removeMade(made);
    throw error;
  }
}

async function redeemInto(
  paths: StatePaths,
  token: Token,
): Promise<{ readonly site: string; readonly gateway: string }> {
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

/** Says whether the manifest is there already. */
async function requireSame(manifest: SiteManifest): Promise<boolean> {
  if (!(await exists(manifest.file))) return false;
  if (isDeepStrictEqual(contentOf(await readFile(manifest.file, "utf8")), contentOf(manifest.text))) return true;
  throw new TandemError("SiteManifestDiffers", `${manifest.file} exists already and differs from what was asked for`);
}

/** What a manifest says, whatever it looks like; text that is no manifest of a Site stands for itself. */
function contentOf(text: string): unknown {
  try {
    const content: unknown = parse(text);
    return Site.safeParse(content).data ?? content;
  } catch {
    return text;
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
