/**
 * How a gateway passes on to the controllers that somebody came with a token: by a Lease, which a controller answers. See
 * docs/adr/0012-gateways-register-by-leases.md.
 * @module
 */
import { z } from "zod";
import { SiteRecord } from "../../model/catalog.ts";
import { DnsLabel } from "../../model/kinds/index.ts";
import type { Clock } from "../../ports/clock.ts";
import type { KubeClient } from "./kube-client.ts";
import { KUBE_RESOURCES, type KubeObject, pathOf } from "./kube-resource.ts";
import { TANDEM_LEASE, type TandemLeases } from "./tandem-leases.ts";

/** Label of such a Lease with the name of the site that is to be joined. */
const JOIN_LABEL = "tandem.dev/join-at";

const ASKED = "tandem.dev/join";
const ANSWER = "tandem.dev/answer";

/** How often an answer is looked for, and for how long, in milliseconds. */
const ASK_AGAIN_MS = 200;
const LONGEST_WAIT_MS = 15_000;

/** What a site shows that wants to join: its own record, and of the token no more than the digest of its secret. */
export const JoinRequest = z.strictObject({
  id: z.string().max(64),
  digest: z.string().max(64),
  for: DnsLabel,
  site: SiteRecord,
});
export type JoinRequest = z.infer<typeof JoinRequest>;

/** What becomes of a request: the HTTP status that the one who joins gets. */
export type JoinAnswer = 200 | 403 | 409;

/** Where requests are. */
export interface JoinPlace {
  readonly site: string;
  readonly namespace: string;
}

/**
 * Passes a request on and waits for the answer.
 * @throws KubeError, or Error when nobody answers
 */
export async function passOn(
  client: KubeClient,
  { site, namespace }: JoinPlace,
  request: JoinRequest,
  clock: Clock,
): Promise<JoinAnswer> {
  // Of one token one request at a time: the name says which.
  const name = `tandem-join-${Buffer.from(request.id).toString("hex").slice(0, 40)}`;
  const metadata = {
    name,
    namespace,
    labels: { ...TANDEM_LEASE, [JOIN_LABEL]: site },
    annotations: { [ASKED]: JSON.stringify(request) },
  };
  const path = pathOf(KUBE_RESOURCES.leases, { namespace });
  const body = { apiVersion: "coordination.k8s.io/v1", kind: "Lease", metadata, spec: {} };
  await client.request({ method: "POST", path, body });
  const at = pathOf(KUBE_RESOURCES.leases, { namespace, name });
  try {
    const end = clock.now() + LONGEST_WAIT_MS;
    for (;;) {
      const lease = await client.request<KubeObject>({ method: "GET", path: at });
      const answer = Number(lease.metadata.annotations?.[ANSWER]);
      if (answer === 200 || answer === 403 || answer === 409) return answer;
      if (clock.now() > end) throw new Error("no controller has answered");
      const pause = Promise.withResolvers<void>();
      clock.after(ASK_AGAIN_MS, () => pause.resolve());
      await pause.promise;
    }
  } finally {
    await client.request({ method: "DELETE", path: at }).catch(() => {});
  }
}

/** What requests are answered with. */
export interface JoinRequestsSources {
  readonly client: KubeClient;
  readonly leases: TandemLeases;
  readonly site: string;
}

/** Follows requests; each is answered once. */
export class JoinRequests {
  readonly #client: KubeClient;
  readonly #leases: TandemLeases;
  readonly #forget: () => void;
  readonly #answering = new Set<string>();

  /** @param answer gives the answer to a request, or rejects, and is asked again when a Lease changes */
  constructor(
    { client, leases, site }: JoinRequestsSources,
    answer: (request: JoinRequest | undefined) => Promise<JoinAnswer>,
  ) {
    [this.#client, this.#leases] = [client, leases];
    const answerAll = (): void => {
      for (const lease of leases.labelled(JOIN_LABEL, site)) void this.#answer(lease, answer);
    };
    this.#forget = leases.onChange(answerAll);
    answerAll();
  }

  /** Answers no more. */
  close(): void {
    this.#forget();
  }

  async #answer(
    { metadata }: KubeObject,
    answer: (request: JoinRequest | undefined) => Promise<JoinAnswer>,
  ): Promise<void> {
    const uid = metadata.uid ?? "";
    if (metadata.annotations?.[ANSWER] !== undefined || this.#answering.has(uid)) return;
    this.#answering.add(uid);
    try {
      const given = await answer(requestIn(metadata.annotations?.[ASKED]));
      const { name, namespace } = metadata;
      const path = pathOf(KUBE_RESOURCES.leases, { namespace, name });
      const body = { metadata: { annotations: { [ANSWER]: String(given) } } };
      const bodyType = "application/merge-patch+json";
      // Before anything else of the Leases is heard: what was answered is not to be answered again.
      this.#leases.learn(await this.#client.request<KubeObject>({ method: "PATCH", path, body, bodyType }));
    } catch {
      // Whoever asked waits for a while, and asks again with the token if it is good still.
    } finally {
      this.#answering.delete(uid);
    }
  }
}

function requestIn(text: string | undefined): JoinRequest | undefined {
  try {
    return JoinRequest.safeParse(JSON.parse(text ?? "")).data;
  } catch {
    return undefined;
  }
}
