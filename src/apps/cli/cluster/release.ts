/**
 * The way back of many Services: policies are paused first, so that no controller takes them over again meanwhile.
 * @module
 */
import { TandemError } from "../../../model/errors.ts";
import { formatProblem, type Problem } from "../../../model/problem.ts";
import { type ServiceKey, serviceKey } from "../../../model/service-key.ts";
import { remedyOf } from "./cluster-refusal.ts";
import { findPolicies, pausePolicy, type PolicyTargets } from "./pause-policies.ts";
import { releaseService, type ReleaseTools, type ServiceRelease, type UnfinishedRelease } from "./release-service.ts";
import { findTraces, splitKey } from "./service-traces.ts";

/** What is to be released: some Services, or all at which there is something of Tandem's. */
export type ReleaseRequest =
  | { readonly services: readonly ServiceKey[] }
  /** All namespaces when absent. */
  | { readonly namespace: string | undefined };

/** What a person hears while it goes on. */
export interface ReleaseProgress {
  paused(policy: PolicyTargets): void;
  began(service: ServiceKey): void;
  ended(service: ServiceKey, release: ServiceRelease): void;
}

/** What became of it. */
export interface ReleaseReport {
  /** Policies that are paused now, whoever paused them. */
  readonly policies: readonly { readonly policy: ServiceKey; readonly services: readonly ServiceKey[] }[];
  readonly services: readonly { readonly service: ServiceKey; readonly outcome: ServiceRelease["outcome"] }[];
  /** None: everything is as it was. */
  readonly problems: readonly Problem[];
}

/**
 * Releases Services, and the others that their policies target besides. May be killed at any moment and run again.
 * @throws KubeError when it cannot be found out what there is
 */
export async function releaseServices(
  request: ReleaseRequest,
  tools: ReleaseTools,
  progress: ReleaseProgress,
): Promise<ReleaseReport> {
  const { kept, problems } = await pauseAll(await policiesOf(request, tools), tools, progress);
  const targeted = kept.flatMap(({ services }) => services);
  const asked = "services" in request ? new Set(request.services) : undefined;
  const refused = new Set(problems.flatMap(({ services }) => services));
  const services = asked === undefined ? await findTraces(tools.client, namespaceOf(request)) : [...asked, ...targeted];
  const wanted = [...new Set(services)].filter((key) => !refused.has(key)).sort();
  const releases = await Promise.all(
    wanted.map(async (key) => ({ key, release: await releaseForGood(key, tools, progress) })),
  );
  return {
    policies: kept.map(({ namespace, name, services: of }) => ({ policy: serviceKey(namespace, name), services: of })),
    services: releases.map(({ key, release: { outcome } }) => ({ service: key, outcome })),
    problems: [
      ...problems.map(({ problem }) => problem),
      ...releases.flatMap(({ key, release: one }) => problemOf(key, one, asked?.has(key) ?? false)),
    ],
  };
}

async function policiesOf(request: ReleaseRequest, { client }: ReleaseTools): Promise<readonly PolicyTargets[]> {
  if (!("services" in request)) return await findPolicies(client, request.namespace);
  const asked = new Set(request.services);
  const namespaces = [...new Set(request.services.map((key) => splitKey(key)[0]))];
  const found = await Promise.all(namespaces.map((namespace) => findPolicies(client, namespace)));
  return found.flat().filter(({ services }) => services.some((key) => asked.has(key)));
}

/** One after the other: there are few, and each is a person's object. */
async function pauseAll(
  policies: readonly PolicyTargets[],
  { client, fieldManager }: ReleaseTools,
  progress: ReleaseProgress,
): Promise<{
  readonly kept: readonly PolicyTargets[];
  readonly problems: readonly { readonly services: readonly ServiceKey[]; readonly problem: Problem }[];
}> {
  const kept: PolicyTargets[] = [];
  const problems: { services: readonly ServiceKey[]; problem: Problem }[] = [];
  for (const policy of policies) {
    const refusal = policy.paused ? undefined : await pausePolicy(client, policy, fieldManager);
    if (refusal === undefined) {
      kept.push(policy);
      progress.paused(policy);
      continue;
    }
    const { namespace, name, services } = policy;
    const message = `cannot be paused, so that ${services.join(", ")} would be taken over again: ${refusal.message}`;
    const problem = { field: `FailoverPolicy ${namespace}/${name}`, message, remedy: remedyOf(refusal.reason) };
    problems.push({ services, problem });
  }
  return { kept, problems };
}

/** What was released is looked at once more: a controller may not have heard of the pause in time. */
async function releaseForGood(
  key: ServiceKey,
  tools: ReleaseTools,
  progress: ReleaseProgress,
): Promise<ServiceRelease> {
  const first = await releaseService(key, tools, () => progress.began(key));
  let last = first;
  while (last.outcome === "Released") last = await releaseService(key, tools, () => {});
  const release = isUnfinished(last) ? last : first;
  progress.ended(key, release);
  return release;
}

function problemOf(key: ServiceKey, release: ServiceRelease, isAsked: boolean): readonly Problem[] {
  if (isUnfinished(release)) {
    const { reason, message, remedy } = release;
    return [{ field: `Service ${key}`, message: `${reason}: ${message}`, remedy }];
  }
  if (release.outcome !== "Absent" || !isAsked) return [];
  return [
    {
      field: `Service ${key}`,
      message: "there is no such Service, and nothing of Tandem's is left of one",
      remedy: "Check its name and namespace with kubectl get services --all-namespaces",
    },
  ];
}

function isUnfinished(release: ServiceRelease): release is UnfinishedRelease {
  return release.outcome === "Failed" || release.outcome === "TimedOut";
}

/**
 * Makes sure that everything was released that was to be.
 * @throws TandemError WaitTimedOut when nothing but time was lacking, NotReleased when anything else was
 */
export function requireReleased({ problems, services }: ReleaseReport): void {
  if (problems.length === 0) return;
  const text = problems.map(formatProblem).join("\n  ");
  const late = services.filter(({ outcome }) => outcome === "TimedOut");
  if (late.length < problems.length) throw new TandemError("NotReleased", text);
  throw new TandemError("WaitTimedOut", text, {
    remedy: "Run the command again, with a longer --timeout: it goes on where it stands",
  });
}

function namespaceOf(request: ReleaseRequest): string | undefined {
  return "namespace" in request ? request.namespace : undefined;
}
