/**
 * A policy for a Service: everything that can be refused is refused before anything is written.
 * @module
 */
import type { KubeClient } from "../../../adapters/kube/kube-client.ts";
import { KubeError } from "../../../adapters/kube/kube-error.ts";
import { KUBE_RESOURCES, type KubeObject, pathOf } from "../../../adapters/kube/kube-resource.ts";
import { listPages } from "../../../adapters/kube/list-pages.ts";
import { readObject } from "../../../adapters/kube/read-object.ts";
import { TandemError } from "../../../model/errors.ts";
import { isPaused, PAUSED_ANNOTATION } from "../../../model/kinds/index.ts";
import type { Problem } from "../../../model/problem.ts";
import type { Clock } from "../../../ports/clock.ts";
import { ClusterService } from "../../../model/takeover.ts";
import { targetPortsOf } from "../../../core/takeover/surroundings.ts";
import { findPolicies } from "./pause-policies.ts";
import { type FieldChange, policyChanges } from "./policy-changes.ts";
import { type PolicyManifest, type PolicyOrder, policyOf, policyProblems } from "./policy-order.ts";
import { statusOfPolicy, unmetConditions } from "./policy-status.ts";
import { protectionProblems } from "./protectable.ts";
import { readSurroundings } from "./read-surroundings.ts";
import { splitKey } from "./service-traces.ts";

/** How long a list may take, in milliseconds. */
const LIST_TIMEOUT_MS = 60_000;

/** How often a status that is waited for is read, in milliseconds. */
const READ_EVERY_MS = 500;

/** What has to be True of a policy that protects. */
const PROTECTING = ["Programmed", "Protected"] as const;

/**
 * The policy that an order asks for, and all that speaks against it.
 * @throws KubeError
 */
export async function checkOrder(
  client: KubeClient,
  order: PolicyOrder,
): Promise<{ readonly policy: PolicyManifest; readonly problems: readonly Problem[] }> {
  const [namespace, name] = splitKey(order.service);
  const signal = AbortSignal.timeout(LIST_TIMEOUT_MS);
  const [service, policies, sites] = await Promise.all([
    readObject(client, KUBE_RESOURCES.services, { namespace, name }),
    findPolicies(client, namespace),
    // They only serve for a hint: who may not read them is told nothing of them.
    listPages(client, KUBE_RESOURCES.sites, {}, signal).catch(() => undefined),
  ]);
  const parsed = service === undefined ? undefined : ClusterService.parse(service);
  const surroundings = {
    service: parsed,
    around: await readSurroundings(client, namespace, {
      selector: parsed?.spec.selector ?? {},
      ports: parsed === undefined ? [] : targetPortsOf(parsed),
    }),
    policies,
    sites: (sites?.objects ?? []).map(({ metadata }) => metadata.name),
  };
  const policy = policyOf(order);
  return { policy, problems: [...policyProblems(policy), ...protectionProblems(order, surroundings)] };
}

/** How a policy is applied. */
export interface PolicyApplication {
  readonly fieldManager: string;
  /** Fields that somebody else keeps are taken from them. */
  readonly force: boolean;
  /** Only to learn what would come of it. */
  readonly dryRun?: boolean;
}

/** What came of it, or would. */
export interface AppliedPolicy {
  readonly applied: KubeObject;
  /** As it was before; undefined where it is new. */
  readonly before: KubeObject | undefined;
  /** What differs from before; none where it is new. */
  readonly changes: readonly FieldChange[];
  readonly wasPaused: boolean;
}

/**
 * Applies a policy, and takes back a pause of it. Fields that this manager gave before and does not give now are gone: the
 * API server alone knows which others keep.
 * @throws TandemError ObjectsOfOthers when somebody else keeps what it would change; KubeError
 */
export async function applyPolicy(
  client: KubeClient,
  policy: PolicyManifest,
  { fieldManager, force, dryRun = false }: PolicyApplication,
): Promise<AppliedPolicy> {
  const path = pathOf(KUBE_RESOURCES.failoverPolicies, policy.metadata);
  const before = await readObject(client, KUBE_RESOURCES.failoverPolicies, policy.metadata);
  const applied = await client
    .request<KubeObject>({
      method: "PATCH",
      path,
      query: { fieldManager, force, dryRun: dryRun ? "All" : undefined },
      body: policy,
      bodyType: "application/apply-patch+yaml",
    })
    .catch((error: unknown) => {
      throw keptByOthers(policy, error);
    });
  const changes = before === undefined ? [] : policyChanges(before["spec"], applied["spec"]);
  const wasPaused = isPaused(applied);
  if (!wasPaused || dryRun) return { applied, before, changes, wasPaused };
  const resumed = await client.request<KubeObject>({
    method: "PATCH",
    path,
    query: { fieldManager },
    body: { metadata: { annotations: { [PAUSED_ANNOTATION]: null } } },
    bodyType: "application/merge-patch+json",
  });
  return { applied: resumed, before, changes, wasPaused };
}

function keptByOthers({ metadata }: PolicyManifest, error: unknown): unknown {
  if (!(error instanceof KubeError) || error.reason !== "Conflict" || error.causes.length === 0) return error;
  const of = `FailoverPolicy ${metadata.namespace}/${metadata.name}`;
  return new TandemError(
    "ObjectsOfOthers",
    error.causes.map(({ field, message }) => `${of}: ${field}: ${message}`).join("\n  "),
    { remedy: "Change the policy where it is kept, or take the fields over with --force", cause: error },
  );
}

/**
 * Waits until a policy protects.
 * @throws TandemError WaitTimedOut with what is missing; KubeError
 */
export async function untilProtecting(
  client: KubeClient,
  { metadata }: PolicyManifest,
  { clock, timeoutMs }: { readonly clock: Clock; readonly timeoutMs: number },
): Promise<KubeObject> {
  const end = clock.now() + timeoutMs;
  for (;;) {
    const policy = await readObject(client, KUBE_RESOURCES.failoverPolicies, metadata);
    const unmet = policy === undefined ? PROTECTING : unmetConditions(policy, PROTECTING);
    if (policy !== undefined && unmet.length === 0) return policy;
    if (clock.now() >= end)
      throw new TandemError(
        "WaitTimedOut",
        `FailoverPolicy ${metadata.namespace}/${metadata.name}: ${why(policy, unmet)}`,
      );
    await new Promise<void>((resolve) => void clock.after(READ_EVERY_MS, resolve));
  }
}

function why(policy: KubeObject | undefined, unmet: readonly string[]): string {
  if (policy === undefined) return "was deleted meanwhile";
  const conditions = statusOfPolicy(policy)?.conditions ?? [];
  return unmet
    .map((type) => {
      const condition = conditions.find((one) => one.type === type);
      if (condition === undefined) return `${type} is not said yet; is a controller running?`;
      return `${type} is ${condition.status}: ${condition.reason}: ${condition.message}`;
    })
    .join("; ");
}
