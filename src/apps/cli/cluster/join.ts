/**
 * Letting sites into a cluster's site, and joining it with another one, from a laptop.
 * @module
 */
import {
  AUTHORITY_SECRET,
  changeTokens,
  KUBE_RESOURCES,
  type KubeClient,
  type KubeObject,
  ownAuthority,
  pathOf,
} from "../../../adapters/kube/index.ts";
import { issueToken, liveUntil, parseToken, type Token } from "../../../adapters/pki/token.ts";
import { redeemToken } from "../../../adapters/peers/redemption.ts";
import type { SiteRecord } from "../../../model/catalog.ts";
import { TandemError } from "../../../model/errors.ts";
import { gatewayIdentity } from "../../../model/identity.ts";
import { JOIN_OPEN_ANNOTATION, Site, TANDEM_API_VERSION } from "../../../model/kinds/index.ts";
import { endpointKey } from "../../../model/service-view.ts";

/** A cluster, and the namespace of what Tandem has there for itself. */
export interface ClusterPlace {
  readonly client: KubeClient;
  readonly namespace: string;
}

/**
 * Makes a token for a site that is to join, and opens the gateways' door for as long as it is good.
 * @throws TandemError SiteUnknown when the cluster has no site, or nobody knows where its gateways are; KubeError
 */
export async function createClusterToken({ client, namespace }: ClusterPlace, name: string): Promise<Token> {
  const own = await ownRecord({ client, namespace });
  const now = Date.now();
  const { token, until } = await changeTokens(client, namespace, (before) => {
    const addresses = own.gateways.map(({ address, port }) => endpointKey(address, port));
    const wanted = { kind: "site", for: name, site: own.name, addresses, authority: own.trustBundle } as const;
    const made = issueToken(before, wanted, now);
    return { issued: made.issued, result: { token: made.token, until: liveUntil(made.issued, now) ?? now } };
  });
  await client.request({
    method: "PATCH",
    path: pathOf(KUBE_RESOURCES.sites, { name: own.name }),
    body: { metadata: { annotations: { [JOIN_OPEN_ANNOTATION]: new Date(until).toISOString() } } },
    bodyType: "application/merge-patch+json",
  });
  return token;
}

/**
 * Joins the cluster's site with the one that made a token: shows the token there, and makes the object that lets that
 * site in here. Interrupted in between, the same call with a new token does what is missing.
 * @throws TandemError TokenInvalid, TokenRefused, SiteNameTaken, SiteUnknown, JoinFailed; KubeError
 */
export async function joinCluster(
  place: ClusterPlace,
  tokenText: string,
): Promise<{ readonly own: string; readonly joined: string }> {
  const token = parseToken(tokenText);
  const own = await ownRecord(place);
  if (token.kind !== "site" || token.for !== own.name)
    throw new TandemError("TokenRefused", `the token is for ${token.kind} ${token.for}, and this is site ${own.name}`);
  const known = await readSite(place.client, token.site);
  if (known !== undefined && known.spec.trustBundle !== token.authority)
    throw new TandemError("SiteNameTaken", `${token.site} is known here with another authority`);
  const redeemed = await redeemToken(
    token,
    { kind: "site", id: token.id, secret: token.secret, for: token.for, site: own },
    gatewayIdentity(token.site),
  );
  const { gateways, labels } = redeemed.site;
  const metadata = { name: token.site };
  // The name and the authority are the token's, whatever the answer says: they were what the person trusted.
  const spec = { gateways, labels, trustBundle: token.authority, accepted: true };
  await place.client.request({
    method: "PATCH",
    path: pathOf(KUBE_RESOURCES.sites, metadata),
    query: { fieldManager: "tandem-join", force: "true" },
    body: { apiVersion: TANDEM_API_VERSION, kind: "Site", metadata, spec },
    bodyType: "application/apply-patch+yaml",
  });
  return { own: own.name, joined: token.site };
}

/** The cluster's own site as others should know it. */
async function ownRecord({ client, namespace }: ClusterPlace): Promise<SiteRecord> {
  const authority = await ownAuthority(client, namespace);
  if (authority === undefined)
    throw new TandemError(
      "SiteUnknown",
      `there is no Secret ${namespace}/${AUTHORITY_SECRET}: no controller made a site`,
      {
        remedy:
          "Run `tandem install`, or start a controller with --site NAME; a site whose first gateway holds the authority has `--state DIR`",
      },
    );
  const site = await readSite(client, authority.site);
  if (site === undefined)
    throw new TandemError("SiteUnknown", `there is no Site ${authority.site}: nobody knows where its gateways are`, {
      remedy: `Create a Site ${authority.site} whose spec.gateways are the addresses at which other sites reach port 15443`,
    });
  const { gateways, labels } = site.spec;
  return { name: authority.site, gateways, labels, trustBundle: authority.certificate, accepted: true, at: Date.now() };
}

async function readSite(client: KubeClient, name: string): Promise<Site | undefined> {
  const list = await client.request<{ readonly items: readonly KubeObject[] }>({
    method: "GET",
    path: pathOf(KUBE_RESOURCES.sites),
    query: { fieldSelector: `metadata.name=${name}` },
  });
  const [found] = list.items;
  return found === undefined ? undefined : Site.parse({ ...found, apiVersion: TANDEM_API_VERSION, kind: "Site" });
}
