/**
 * Switches of a cluster: objects, which its agents carry to all sites.
 * @module
 */
import { z } from "zod";
import type { KubeClient } from "../../../adapters/kube/kube-client.ts";
import { KUBE_RESOURCES, type KubeObject, pathOf } from "../../../adapters/kube/kube-resource.ts";
import { listPages } from "../../../adapters/kube/list-pages.ts";
import { ifThere } from "../../../adapters/kube/read-object.ts";
import { TandemError } from "../../../model/errors.ts";
import { Switch, TANDEM_API_VERSION } from "../../../model/kinds/index.ts";
import type { ServiceKey } from "../../../model/service-key.ts";
import type { Clock } from "../../../ports/clock.ts";
import { targetsOf } from "./pause-policies.ts";
import { statusOfPolicy } from "./policy-status.ts";
import { splitKey } from "./service-traces.ts";

/** How long a list may take, in milliseconds. */
const LIST_TIMEOUT_MS = 60_000;

/** How often the serving site is looked for, in milliseconds. */
const READ_EVERY_MS = 500;

/** Label of the Switches that this program makes: those of anybody else are not its to delete. */
const MADE_HERE = { "app.kubernetes.io/managed-by": "tandem-cli" } as const;

/** An order as it is given. */
export interface ClusterOrder {
  readonly service: ServiceKey;
  readonly to: string;
  /** Unix milliseconds; absent: until it is ended. */
  readonly until?: number | undefined;
  readonly reason: string;
}

const SitesOfPolicy = z.looseObject({ spec: z.looseObject({ sites: z.array(z.looseObject({ name: z.string() })) }) });

/**
 * Orders a switch: a new object, since the one created last counts. Those that were made so before are deleted.
 * @throws TandemError ServiceUnknown, SiteUnknown; KubeError
 */
export async function orderSwitch(
  client: KubeClient,
  { service, to, until, reason }: ClusterOrder,
  { now, fieldManager }: { readonly now: number; readonly fieldManager: string },
): Promise<KubeObject> {
  await requireSite(client, service, to);
  const [namespace, name] = splitKey(service);
  const before = await switchesOf(client, service);
  const order = await client.request<KubeObject>({
    method: "POST",
    path: pathOf(KUBE_RESOURCES.switches, { namespace }),
    query: { fieldManager },
    body: {
      apiVersion: TANDEM_API_VERSION,
      kind: "Switch",
      metadata: { name: `${name}-${now.toString(36)}`, namespace, labels: MADE_HERE },
      spec: {
        targetRef: { group: "", kind: "Service", name },
        to,
        reason,
        ...(until === undefined ? {} : { until: new Date(until).toISOString() }),
      },
    },
  });
  await deleteAll(client, before.filter(isMadeHere));
  return order;
}

/**
 * Ends the switches of a Service that were made by command.
 * @returns how many there were
 * @throws TandemError SwitchFromManifest when others are in force, which are left; KubeError
 */
export async function endSwitch(client: KubeClient, service: ServiceKey, now: number): Promise<number> {
  const all = await switchesOf(client, service);
  const own = all.filter(isMadeHere);
  await deleteAll(client, own);
  const others = all.filter((one) => !isMadeHere(one) && isInForce(one, now));
  if (others.length === 0) return own.length;
  const [namespace] = splitKey(service);
  const names = others.map(({ metadata }) => metadata.name);
  throw new TandemError("SwitchFromManifest", `${service} is switched by Switch ${names.join(", ")} in ${namespace}`, {
    remedy: `Delete it where it is kept, else: kubectl delete switches ${names.join(" ")} -n ${namespace}`,
  });
}

/**
 * Waits until a site serves a Service, as its policy's status says.
 * @throws TandemError WaitTimedOut; KubeError
 */
export async function untilServing(
  client: KubeClient,
  { service, to }: ClusterOrder,
  { clock, timeoutMs }: { readonly clock: Clock; readonly timeoutMs: number },
): Promise<void> {
  const end = clock.now() + timeoutMs;
  for (;;) {
    const policy = await policyOf(client, service);
    const serving = policy === undefined ? undefined : statusOfPolicy(policy)?.servingSite;
    if (serving === to) return;
    if (clock.now() >= end)
      throw new TandemError(
        "WaitTimedOut",
        serving === undefined
          ? `no controller says which site serves ${service}: is one running?`
          : `${to} does not serve ${service} yet, ${serving} does: is it healthy there?`,
      );
    await new Promise<void>((resolve) => void clock.after(READ_EVERY_MS, resolve));
  }
}

async function requireSite(client: KubeClient, service: ServiceKey, site: string): Promise<void> {
  const policy = await policyOf(client, service);
  if (policy === undefined)
    throw new TandemError("ServiceUnknown", `no FailoverPolicy of the cluster targets ${service}`);
  const sites = (SitesOfPolicy.safeParse(policy).data?.spec.sites ?? []).map(({ name }) => name);
  if (!sites.includes(site))
    throw new TandemError("SiteUnknown", `${site} is no site of ${service}; it has ${sites.join(", ")}`);
}

async function policyOf(client: KubeClient, service: ServiceKey): Promise<KubeObject | undefined> {
  const [namespace] = splitKey(service);
  const signal = AbortSignal.timeout(LIST_TIMEOUT_MS);
  const { objects } = await listPages(client, KUBE_RESOURCES.failoverPolicies, { namespace }, signal);
  return objects.find((policy) => targetsOf(policy).services.includes(service));
}

async function switchesOf(client: KubeClient, service: ServiceKey): Promise<readonly KubeObject[]> {
  const [namespace, name] = splitKey(service);
  const signal = AbortSignal.timeout(LIST_TIMEOUT_MS);
  const { objects } = await listPages(client, KUBE_RESOURCES.switches, { namespace }, signal);
  return objects.filter((one) => Switch.safeParse(one).data?.spec.targetRef.name === name);
}

async function deleteAll(client: KubeClient, switches: readonly KubeObject[]): Promise<void> {
  const gone = switches.map(({ metadata: { name, namespace, uid } }) => {
    const path = pathOf(KUBE_RESOURCES.switches, { namespace, name });
    return ifThere(client.request({ method: "DELETE", path, body: { preconditions: { uid } } }));
  });
  await Promise.all(gone);
}

function isMadeHere({ metadata }: KubeObject): boolean {
  return Object.entries(MADE_HERE).every(([label, value]) => metadata.labels?.[label] === value);
}

function isInForce(one: KubeObject, now: number): boolean {
  const until = Switch.safeParse(one).data?.spec.until;
  return until === undefined || Date.parse(until) > now;
}
