/**
 * Setting up the state directories of processes that run in a cluster: nobody has to do anything before they start.
 * @module
 */
import type { GatewayLeases, KubeClient } from "../../../adapters/kube/index.ts";
import { openAuthoritySecret } from "../../../adapters/kube/index.ts";
import { createRequest } from "../../../adapters/pki/certificate-authority.ts";
import { writeLeaf } from "../../../adapters/pki/leaf-file.ts";
import {
  createStateDirectory,
  readGatewayRecord,
  requireShortPath,
  statePaths,
  writeGatewayRecord,
} from "../../../adapters/state/state-directory.ts";
import { replaceFile } from "../../../adapters/state/write-file.ts";
import { TandemError } from "../../../model/errors.ts";
import type { OwnGateway } from "../../../ports/gateway-registry.ts";

/**
 * Makes a state directory that of a gateway of the cluster's site, with a certificate from its controllers. One that is
 * set up already stays as it is; the record is written last, so that whoever is interrupted begins anew.
 * @throws TandemError AlreadyInitialised when it is of another gateway; JoinFailed when no controller answers
 */
export async function enrolInCluster(
  state: string,
  names: { readonly site: string; readonly gateway: string },
  how: { readonly leases: GatewayLeases; readonly own: OwnGateway },
): Promise<void> {
  requireShortPath(statePaths(state));
  const known = await readGatewayRecord(statePaths(state));
  if (known !== undefined) {
    if (known.site === names.site && known.gateway === names.gateway) return;
    throw new TandemError("AlreadyInitialised", `${state} is of gateway ${known.gateway} of site ${known.site}`);
  }
  const paths = await createStateDirectory(state);
  const { request, key } = await createRequest();
  await how.leases.open();
  how.leases.register(how.own);
  const issued = await how.leases.requestCertificate(request).catch((error: unknown) => {
    throw new TandemError("JoinFailed", `${names.gateway} got no certificate: ${String(error)}`, {
      remedy: `Is a controller of ${names.site} running, and may it write Leases? Its log says why it does not answer`,
      cause: error,
    });
  });
  await replaceFile(paths.authorityCertificate, issued.authority);
  await writeLeaf(paths.leaf, { certificate: issued.certificate, key });
  await writeGatewayRecord(paths, { ...names, issuer: false });
}

/**
 * Makes a state directory that of a replica of the controller of the cluster's site, with the site's authority, which is
 * made now when this is the first.
 * @throws TandemError AlreadyInitialised when it is of another site; AgentCannotStart; KubeError
 */
export async function enrolController(
  state: string,
  names: { readonly site: string; readonly replica: string; readonly namespace: string },
  client: KubeClient,
): Promise<void> {
  const { site, replica, namespace } = names;
  const known = await readGatewayRecord(statePaths(state));
  if (known !== undefined && known.site !== site)
    throw new TandemError("AlreadyInitialised", `${state} is of site ${known.site}`);
  if (known !== undefined && !known.issuer) return;
  const authority = await openAuthoritySecret(client, { namespace, site, now: Date.now() });
  const paths = await createStateDirectory(state);
  await replaceFile(paths.authorityKey, authority.key);
  await replaceFile(paths.authorityCertificate, authority.certificate);
  await writeGatewayRecord(paths, { site, gateway: replica, issuer: true });
}
