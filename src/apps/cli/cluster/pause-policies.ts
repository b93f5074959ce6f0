/**
 * Policies that a controller is to leave alone from now on.
 * @module
 */
import { z } from "zod";
import type { KubeClient } from "../../../adapters/kube/kube-client.ts";
import { KubeError } from "../../../adapters/kube/kube-error.ts";
import { KUBE_RESOURCES, type KubeObject, pathOf } from "../../../adapters/kube/kube-resource.ts";
import { listPages } from "../../../adapters/kube/list-pages.ts";
import { ifThere } from "../../../adapters/kube/read-object.ts";
import { isPaused, PAUSED_ANNOTATION } from "../../../model/kinds/index.ts";
import { type ServiceKey, serviceKey } from "../../../model/service-key.ts";

/** How long a list may take, in milliseconds. */
const LIST_TIMEOUT_MS = 60_000;

/** A policy as far as it has to be understood: one that is not valid any more can still be paused. */
const TargetedServices = z.looseObject({
  spec: z.looseObject({ targetRefs: z.array(z.looseObject({ name: z.string() })).catch([]) }),
});

/** A policy and what it targets. */
export interface PolicyTargets {
  readonly namespace: string;
  readonly name: string;
  readonly services: readonly ServiceKey[];
  readonly paused: boolean;
}

/**
 * All policies; none where there is no such kind any more.
 * @param namespace all when absent
 * @throws KubeError
 */
export async function findPolicies(
  client: KubeClient,
  namespace: string | undefined,
): Promise<readonly PolicyTargets[]> {
  const signal = AbortSignal.timeout(LIST_TIMEOUT_MS);
  const list = await ifThere(listPages(client, KUBE_RESOURCES.failoverPolicies, { namespace }, signal));
  return (list?.objects ?? []).map(targetsOf);
}

/**
 * Pauses a policy. One that is gone needs no pause.
 * @returns the API server's refusal, if it refused
 */
export async function pausePolicy(
  client: KubeClient,
  { namespace, name }: PolicyTargets,
  fieldManager: string,
): Promise<KubeError | undefined> {
  try {
    const patch = {
      method: "PATCH",
      path: pathOf(KUBE_RESOURCES.failoverPolicies, { namespace, name }),
      query: { fieldManager },
      body: { metadata: { annotations: { [PAUSED_ANNOTATION]: "true" } } },
      bodyType: "application/merge-patch+json",
    } as const;
    await ifThere(client.request(patch));
    return undefined;
  } catch (error) {
    if (error instanceof KubeError) return error;
    throw error;
  }
}

/** What a policy targets. */
export function targetsOf(policy: KubeObject): PolicyTargets {
  const { name, namespace = "" } = policy.metadata;
  const { data } = TargetedServices.safeParse(policy);
  const services = (data?.spec.targetRefs ?? []).map((target) => serviceKey(namespace, target.name));
  return { namespace, name, services, paused: isPaused(policy) };
}
