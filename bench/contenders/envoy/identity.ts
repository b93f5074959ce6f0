import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createAuthority, createRequest, issueLeaf } from "../../../src/adapters/pki/certificate-authority.ts";
import type { SiteName } from "../../rig/topology.ts";
import type { IdentityFiles } from "./transport.ts";

/** An identity for each site, each from an authority of its own, as files in `directory` (mode 0600). */
export async function writeIdentities(directory: string): Promise<Record<SiteName, IdentityFiles>> {
  const [west, east] = await Promise.all([writeSite(directory, "west"), writeSite(directory, "east")]);
  return {
    west: { ...west, peerAuthority: east.authority },
    east: { ...east, peerAuthority: west.authority },
  };
}

async function writeSite(directory: string, site: SiteName) {
  const now = Date.now();
  const authority = await createAuthority(`${site}.test`, now);
  const { request, key } = await createRequest();
  const leaf = await issueLeaf(authority, request, { uri: `spiffe://${site}.test/gateway`, now });
  const file = async (name: string, text: string): Promise<string> => {
    const path = join(directory, `${site}-${name}.pem`);
    await writeFile(path, text, { mode: 0o600 });
    return path;
  };
  return {
    certificate: await file("certificate", leaf),
    key: await file("key", key),
    authority: await file("authority", authority.certificate),
  };
}
