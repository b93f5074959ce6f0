import { TandemError } from "../../model/errors.ts";
import { IssuedTokens } from "../pki/token.ts";
import type { KubeClient } from "./kube-client.ts";
import { KubeError } from "./kube-error.ts";
import { KUBE_RESOURCES, type KubeObject, pathOf } from "./kube-resource.ts";

/** Name of the Secret with the digests of tokens that are live. */
const TOKEN_SECRET = "tandem-tokens";

const KEY = "issued";

/** How often a change is tried again that somebody else was faster with. */
const TRIES = 5;

/**
 * Changes what tokens of a cluster's site are live, in one step: of two at once the second sees what the first has made.
 * @param change what is live afterwards, and what the caller gets; what it throws is passed on, and nothing is changed
 * @throws KubeError; TandemError AgentCannotStart when the Secret is damaged
 */
export async function changeTokens<T>(
  client: KubeClient,
  namespace: string,
  change: (issued: IssuedTokens) => { readonly issued: IssuedTokens; readonly result: T },
): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    const known = await readSecret(client, namespace);
    const { issued, result } = change(known === undefined ? [] : tokensIn(known));
    try {
      await writeSecret(client, { namespace, known, issued });
      return result;
    } catch (error) {
      if (!(error instanceof KubeError) || error.status !== 409 || tries >= TRIES) throw error;
    }
  }
}

async function readSecret(client: KubeClient, namespace: string): Promise<KubeObject | undefined> {
  try {
    const path = pathOf(KUBE_RESOURCES.secrets, { namespace, name: TOKEN_SECRET });
    return await client.request<KubeObject>({ method: "GET", path });
  } catch (error) {
    if (error instanceof KubeError && error.status === 404) return undefined;
    throw error;
  }
}

function tokensIn(secret: KubeObject): IssuedTokens {
  const text = (secret["data"] as Readonly<Record<string, string>> | undefined)?.[KEY] ?? "";
  try {
    return IssuedTokens.parse(JSON.parse(Buffer.from(text, "base64").toString("utf8") || "[]"));
  } catch (error) {
    throw new TandemError(
      "AgentCannotStart",
      `Secret ${secret.metadata.namespace ?? ""}/${TOKEN_SECRET} does not hold the tokens that were issued`,
      { remedy: "Remove it; tokens that nobody has used yet are not good any more then", cause: error },
    );
  }
}

async function writeSecret(
  client: KubeClient,
  {
    namespace,
    known,
    issued,
  }: { readonly namespace: string; readonly known: KubeObject | undefined; readonly issued: IssuedTokens },
): Promise<void> {
  const data = { [KEY]: Buffer.from(JSON.stringify(issued)).toString("base64") };
  if (known !== undefined) {
    const { resourceVersion } = known.metadata;
    const path = pathOf(KUBE_RESOURCES.secrets, { namespace, name: TOKEN_SECRET });
    const body = { metadata: { resourceVersion }, data };
    await client.request({ method: "PATCH", path, body, bodyType: "application/merge-patch+json" });
    return;
  }
  const metadata = { name: TOKEN_SECRET, namespace, labels: { "app.kubernetes.io/part-of": "tandem" } };
  const body = { apiVersion: "v1", kind: "Secret", metadata, type: "Opaque", data };
  await client.request({ method: "POST", path: pathOf(KUBE_RESOURCES.secrets, { namespace }), body });
}
