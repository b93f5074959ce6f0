/**
 * What the policies of a cluster say of themselves.
 * @module
 */
import type { KubeClient } from "../../../adapters/kube/kube-client.ts";
import { KUBE_RESOURCES, type KubeObject } from "../../../adapters/kube/kube-resource.ts";
import { listPages } from "../../../adapters/kube/list-pages.ts";
import { Switch } from "../../../model/kinds/index.ts";
import type { PolicyStatus } from "../../../model/policy-status.ts";
import { serviceKey, type ServiceKey } from "../../../model/service-key.ts";
import { paint } from "../output.ts";
import { renderStatusTable, type StatusCondition, type StatusOrder, type StatusRow } from "../status-table.ts";
import { targetsOf } from "./pause-policies.ts";
import { statusOfPolicy } from "./policy-status.ts";

/** How long a list may take, in milliseconds. */
const LIST_TIMEOUT_MS = 60_000;

/** One policy and what its controller says of it. */
export interface PolicyState {
  readonly policy: ServiceKey;
  readonly services: readonly ServiceKey[];
  readonly mode: string;
  readonly paused: boolean;
  /** Undefined while no controller has said anything. */
  readonly status: PolicyStatus | undefined;
  /** The order of this cluster that is in force, if there is one. */
  readonly switch: (Switch["spec"] & { readonly name: string }) | undefined;
}

/** A cluster's policies. */
export interface ClusterStatus {
  readonly server: string;
  readonly policies: readonly PolicyState[];
}

/**
 * Reads the status of all policies.
 * @param namespace all when absent
 * @throws KubeError
 */
export async function readClusterStatus(
  client: KubeClient,
  namespace: string | undefined,
  now: number,
): Promise<ClusterStatus> {
  const signal = AbortSignal.timeout(LIST_TIMEOUT_MS);
  const [policies, switches] = await Promise.all([
    listPages(client, KUBE_RESOURCES.failoverPolicies, { namespace }, signal),
    listPages(client, KUBE_RESOURCES.switches, { namespace }, signal),
  ]);
  const orders = switches.objects.flatMap((object) => Switch.safeParse(object).data ?? []);
  return {
    server: client.server,
    policies: policies.objects.map((policy) => stateOf(policy, orders.filter(isInForce(now)))),
  };
}

/** The status as people read it. @param now Unix milliseconds */
export function renderClusterStatus({ server, policies }: ClusterStatus, now: number): string {
  return renderStatusTable(
    {
      head: paint("bold", server),
      further: ["CHECK EVERY", "MODE", "TRAFFIC TO"],
      rows: policies.map(rowOf),
      empty: "no Service has a FailoverPolicy; the first one: protect NAMESPACE/NAME --site SITE --site SITE",
      problems: [],
    },
    now,
  );
}

function stateOf(policy: KubeObject, orders: readonly Switch[]): PolicyState {
  const { namespace, name, services, paused } = targetsOf(policy);
  const own = orders
    .filter(({ metadata, spec }) => services.includes(serviceKey(metadata.namespace, spec.targetRef.name)))
    .toSorted((left, right) => createdAt(right) - createdAt(left));
  const [latest] = own;
  const { mode } = (policy["spec"] ?? {}) as { readonly mode?: string };
  return {
    policy: serviceKey(namespace, name),
    services,
    mode: mode ?? "Direct",
    paused,
    status: statusOfPolicy(policy),
    switch: latest === undefined ? undefined : { ...latest.spec, name: latest.metadata.name },
  };
}

function createdAt({ metadata }: Switch): number {
  return Date.parse(metadata.creationTimestamp ?? "") || 0;
}

function isInForce(now: number): (order: Switch) => boolean {
  return ({ spec }) => spec.until === undefined || Date.parse(spec.until) > now;
}

function rowOf(state: PolicyState): StatusRow {
  const { status, services, policy } = state;
  const failedOver = status?.conditions.find(({ type }) => type === "FailedOver");
  return {
    service: services.length === 0 ? policy : services.join(","),
    servingSite: status?.servingSite,
    isHome: failedOver?.status === "False",
    servingSince: servingSince(status),
    sites: (status?.sites ?? []).map((site) => ({ ...site, standby: false })),
    further: [
      status?.sites?.find(({ checkInterval }) => checkInterval !== undefined)?.checkInterval ?? "-",
      state.mode,
      status?.traffic ?? "-",
    ],
    conditions: [...remarks(state), ...(status?.conditions ?? [])],
    detectionMs: status?.lastFailover?.detectionMs,
    order: orderOf(state),
  };
}

/** The last failover that led here, else since when the site is or is not the first one. */
function servingSince(status: PolicyStatus | undefined): number | undefined {
  const { servingSite, lastFailover, conditions = [] } = status ?? {};
  const since = conditions.find(({ type }) => type === "FailedOver")?.lastTransitionTime;
  const time = Date.parse((lastFailover?.to === servingSite ? lastFailover?.at : undefined) ?? since ?? "");
  return Number.isNaN(time) ? undefined : time;
}

/** What no controller says, or not yet. */
function remarks({ paused, status }: PolicyState): readonly StatusCondition[] {
  const remark = (reason: string, message: string): StatusCondition => ({
    type: "Accepted",
    status: "False",
    reason,
    message,
  });
  const isSaid = status?.conditions.some(({ reason }) => reason === "Paused") ?? false;
  if (paused && !isSaid)
    return [remark("Paused", "it counts as none until the annotation tandem.dev/paused is removed")];
  return status === undefined ? [remark("NotReported", "no controller has said anything yet: is one running?")] : [];
}

function orderOf({ switch: order, policy }: PolicyState): StatusOrder | undefined {
  if (order === undefined) return undefined;
  const [namespace = ""] = policy.split("/");
  return {
    to: order.to,
    until: order.until === undefined ? undefined : Date.parse(order.until),
    by: `by Switch ${namespace}/${order.name}`,
    reason: order.reason,
  };
}
