import type { TargetView } from "../../core/status/plan-policy-status.ts";
import { type FailoverPolicy, isPaused } from "../../model/kinds/index.ts";
import { type ServiceKey, serviceKey, servicePortKey } from "../../model/service-key.ts";
import type { TakeoverPlan } from "../../model/takeover.ts";
import type { ObjectSet } from "../../ports/object-store.ts";
import type { FollowedPolicy } from "../../runtime/policy-status-reconciler.ts";
import type { ClusterServices } from "./cluster-services.ts";
import type { GatewayReports } from "./gateway-reports.ts";

/** All that a controller knows that policies' statuses are made from. */
interface PolicySources {
  readonly site: string;
  readonly store: ObjectSet;
  readonly services: ClusterServices;
  readonly reports: GatewayReports;
  readonly planOf: (service: ServiceKey) => TakeoverPlan | undefined;
  /** Unix milliseconds. */
  readonly now: number;
}

/** What the status of a policy is made from; undefined when there is none of this name. @param key `namespace/name` */
export function followPolicy(key: string, sources: PolicySources): FollowedPolicy | undefined {
  const policy = sources.store.policy(key);
  if (policy === undefined) return undefined;
  const { namespace, name, uid, resourceVersion, generation } = policy.metadata;
  if (typeof uid !== "string" || typeof resourceVersion !== "string") return undefined;
  const targets = targetsOf(policy);
  return {
    policy: { namespace, name, uid, resourceVersion },
    view: {
      site: sources.site,
      generation: typeof generation === "number" ? generation : 0,
      before: policy.status,
      targets: targets.map((target) => targetView(target, sources)),
      paused: isPaused(policy),
      conflict: conflictOf(policy, targets, sources.store),
      now: sources.now,
    },
  };
}

/** Services that a policy targets. */
export function targetsOf({ metadata, spec }: FailoverPolicy): readonly ServiceKey[] {
  return spec.targetRefs.map(({ name }) => serviceKey(metadata.namespace, name));
}

/** `namespace/name`. */
export function keyOfPolicy({ metadata }: FailoverPolicy): string {
  return `${metadata.namespace}/${metadata.name}`;
}

function conflictOf(
  policy: FailoverPolicy,
  targets: readonly ServiceKey[],
  store: ObjectSet,
): FollowedPolicy["view"]["conflict"] {
  const taken = targets.find((target) => store.policyOf(target) !== policy);
  const other = taken === undefined ? undefined : store.policyOf(taken);
  return taken === undefined || other === undefined
    ? undefined
    : { service: nameOf(taken), policy: other.metadata.name };
}

function targetView(key: ServiceKey, { services, reports, planOf }: PolicySources): TargetView {
  const service = services.service(key);
  return {
    name: nameOf(key),
    exists: service !== undefined,
    takeover: planOf(key),
    ports: (service?.spec.ports ?? []).map(({ port }) => ({ port, reports: reports.of(servicePortKey(key, port)) })),
  };
}

function nameOf(key: ServiceKey): string {
  return key.slice(key.indexOf("/") + 1);
}
