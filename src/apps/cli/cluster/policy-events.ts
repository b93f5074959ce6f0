/**
 * What happened to the policies of a cluster, as its controllers tell it in Events.
 * @module
 */
import { z } from "zod";
import type { KubeClient } from "../../../adapters/kube/kube-client.ts";
import { KUBE_RESOURCES, type KubeObject } from "../../../adapters/kube/kube-resource.ts";
import { type KubeSelection, listPages } from "../../../adapters/kube/list-pages.ts";
import { Reflector } from "../../../adapters/kube/reflector.ts";
import type { ServiceKey } from "../../../model/service-key.ts";
import type { Clock } from "../../../ports/clock.ts";
import { paint, table } from "../output.ts";
import { findPolicies } from "./pause-policies.ts";
import { splitKey } from "./service-traces.ts";

/** How long a list may take, in milliseconds. */
const LIST_TIMEOUT_MS = 60_000;

/** An Event of core/v1 as far as it is shown. */
const CoreEvent = z.looseObject({
  metadata: z.looseObject({ uid: z.string(), namespace: z.string(), creationTimestamp: z.string() }),
  involvedObject: z.looseObject({ name: z.string() }),
  type: z.string().default("Normal"),
  reason: z.string().default(""),
  message: z.string().default(""),
  eventTime: z.string().nullish(),
  lastTimestamp: z.string().nullish(),
});

/** One thing that happened. */
export interface PolicyNews {
  readonly id: string;
  /** RFC 3339. */
  readonly at: string;
  /** `Normal` or `Warning`. */
  readonly type: string;
  /** `namespace/name`. */
  readonly policy: string;
  readonly reason: string;
  readonly message: string;
}

/** Whose news. */
export interface NewsOf {
  /** All namespaces when absent. */
  readonly namespace: string | undefined;
  /** All policies when absent. */
  readonly service: ServiceKey | undefined;
}

/**
 * What is known of the past, oldest first. API servers keep Events for an hour.
 * @throws KubeError
 */
export async function readNews(client: KubeClient, of: NewsOf): Promise<readonly PolicyNews[]> {
  const isMeant = await filterOf(client, of);
  const signal = AbortSignal.timeout(LIST_TIMEOUT_MS);
  const { objects } = await listPages(client, KUBE_RESOURCES.events, selectionOf(of), signal);
  return newsIn(objects).filter(isMeant);
}

/**
 * Tells what is known of the past, and then what happens. Returns what ends it.
 * @param tell called with what is new, oldest first
 * @throws KubeError when not even the past can be read
 */
export async function followNews(
  client: KubeClient,
  of: NewsOf,
  how: {
    readonly clock: Clock;
    readonly random: () => number;
    readonly tell: (news: readonly PolicyNews[]) => void;
    /** It cannot be followed at the moment. */
    readonly trouble: (message: string) => void;
  },
): Promise<() => void> {
  const past = await readNews(client, of);
  const isMeant = await filterOf(client, of);
  const told = new Set(past.map(({ id }) => id));
  if (past.length > 0) how.tell(past);
  const { clock, random } = how;
  const log = { info: () => {}, warn: () => {}, error: () => {} };
  const sources = { client, resource: KUBE_RESOURCES.events, selection: selectionOf(of), clock, random, log };
  const reflector: Reflector = new Reflector(sources, {
    changed: (changes) => {
      const news = newsIn(changes.flatMap(({ now }) => now ?? [])).filter((one) => isMeant(one) && !told.has(one.id));
      for (const { id } of news) told.add(id);
      if (news.length > 0) how.tell(news);
    },
    troubleChanged: () => {
      if (reflector.trouble !== undefined) how.trouble(reflector.trouble.message);
    },
  });
  reflector.start();
  return () => reflector.close();
}

/** News as people read them. */
export function renderNews(news: readonly PolicyNews[], withTitles: boolean): string {
  const titles = withTitles ? [["TIME", "POLICY", "REASON", "MESSAGE"]] : [];
  return table([...titles, ...news.map(rowOf)]);
}

function rowOf({ at, policy, reason, message, type }: PolicyNews): string[] {
  return [at.replace(/\.\d+Z$/, "Z"), policy, paint(type === "Warning" ? "yellow" : "green", reason), message];
}

function selectionOf({ namespace }: NewsOf): KubeSelection {
  return { namespace, fieldSelector: `involvedObject.kind=${KUBE_RESOURCES.failoverPolicies.kind}` };
}

/** A policy that is gone cannot say what it targeted: `tandem protect` names policies as their Services. */
async function filterOf(client: KubeClient, { service }: NewsOf): Promise<(news: PolicyNews) => boolean> {
  if (service === undefined) return () => true;
  const [namespace] = splitKey(service);
  const targeting = (await findPolicies(client, namespace)).filter(({ services }) => services.includes(service));
  const policies = new Set([service, ...targeting.map(({ name }) => `${namespace}/${name}`)]);
  return ({ policy }) => policies.has(policy);
}

function newsIn(objects: readonly KubeObject[]): readonly PolicyNews[] {
  return objects
    .flatMap((object) => CoreEvent.safeParse(object).data ?? [])
    .map(({ metadata, involvedObject, type, reason, message, eventTime, lastTimestamp }) => ({
      id: metadata.uid,
      at: eventTime ?? lastTimestamp ?? metadata.creationTimestamp,
      type,
      policy: `${metadata.namespace}/${involvedObject.name}`,
      reason,
      message,
    }))
    .toSorted((left, right) => Date.parse(left.at) - Date.parse(right.at));
}
