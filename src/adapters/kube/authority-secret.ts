import { z } from "zod";
import { TandemError } from "../../model/errors.ts";
import { trustDomain } from "../../model/identity.ts";
import { createAuthority, type PemPair } from "../pki/certificate-authority.ts";
import type { KubeClient } from "./kube-client.ts";
import { KubeError } from "./kube-error.ts";
import { KUBE_RESOURCES, type KubeObject, pathOf } from "./kube-resource.ts";

/** Name of the Secret with the authority of a site. */
export const AUTHORITY_SECRET = "tandem-authority";

const SITE_ANNOTATION = "tandem.dev/site";

const Stored = z.object({ "tls.crt": z.string().min(1), "tls.key": z.string().min(1) });

/**
 * The authority of a site that is a cluster, from its Secret. The first who asks makes it; of several at once all get
 * the same.
 * @throws TandemError AgentCannotStart when the Secret is of another site or does not hold an authority; KubeError
 */
export async function openAuthoritySecret(
  client: KubeClient,
  place: { readonly namespace: string; readonly site: string; readonly now: number },
): Promise<PemPair> {
  const { namespace, site, now } = place;
  const known = await readSecret(client, namespace);
  if (known !== undefined) return authorityIn(known, site);
  const made = await createAuthority(trustDomain(site), now);
  const encoded = { "tls.crt": base64(made.certificate), "tls.key": base64(made.key) };
  const body = {
    apiVersion: "v1",
    kind: "Secret",
    metadata: {
      name: AUTHORITY_SECRET,
      namespace,
      labels: { "app.kubernetes.io/part-of": "tandem" },
      annotations: { [SITE_ANNOTATION]: site },
    },
    type: "kubernetes.io/tls",
    data: encoded,
  };
  try {
    await client.request({ method: "POST", path: pathOf(KUBE_RESOURCES.secrets, { namespace }), body });
    return made;
  } catch (error) {
    const other = error instanceof KubeError && error.status === 409 ? await readSecret(client, namespace) : undefined;
    if (other === undefined) throw error;
    return authorityIn(other, site);
  }
}

/** The cluster's own site and its authority's certificate; undefined when no controller has made it yet. @throws KubeError */
export async function ownAuthority(
  client: KubeClient,
  namespace: string,
): Promise<{ readonly site: string; readonly certificate: string } | undefined> {
  const secret = await readSecret(client, namespace);
  const site = secret?.metadata.annotations?.[SITE_ANNOTATION];
  return secret === undefined || site === undefined
    ? undefined
    : { site, certificate: authorityIn(secret, site).certificate };
}

async function readSecret(client: KubeClient, namespace: string): Promise<KubeObject | undefined> {
  try {
    const path = pathOf(KUBE_RESOURCES.secrets, { namespace, name: AUTHORITY_SECRET });
    return await client.request<KubeObject>({ method: "GET", path });
  } catch (error) {
    if (error instanceof KubeError && error.status === 404) return undefined;
    throw error;
  }
}

function authorityIn(secret: KubeObject, site: string): PemPair {
  const place = `Secret ${secret.metadata.namespace ?? ""}/${secret.metadata.name}`;
  const of = secret.metadata.annotations?.[SITE_ANNOTATION];
  if (of !== site)
    throw new TandemError("AgentCannotStart", `${place} is of site ${of ?? "(none)"} and not of ${site}`, {
      remedy: `Start the controller with --site ${of ?? "NAME"}: a cluster's site keeps its name`,
    });
  const stored = Stored.safeParse(secret["data"]).data;
  if (stored === undefined)
    throw new TandemError("AgentCannotStart", `${place} does not hold tls.crt and tls.key`, {
      remedy: "Restore the Secret from a backup; without one, remove it and join the site anew",
    });
  const text = (part: string): string => Buffer.from(part, "base64").toString("utf8");
  return { certificate: text(stored["tls.crt"]), key: text(stored["tls.key"]) };
}

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}
