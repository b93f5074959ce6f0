/**
 * Taking an installation out of a cluster: first what it changed of others' objects, then its own.
 * @module
 */
import { describeObject } from "../../../adapters/kube/applied-objects.ts";
import { installedResource } from "../../../adapters/kube/installed-resources.ts";
import type { KubeClient } from "../../../adapters/kube/kube-client.ts";
import { KubeError } from "../../../adapters/kube/kube-error.ts";
import { KUBE_RESOURCES, keyOf, type KubeObject, pathOf } from "../../../adapters/kube/kube-resource.ts";
import { listPages } from "../../../adapters/kube/list-pages.ts";
import { TandemError } from "../../../model/errors.ts";
import { CLI_FIELD_MANAGER } from "../commands/cluster-options.ts";
import { awaitAll, type InstallationTools, installedIn } from "./installation.ts";
import { releaseServices, requireReleased } from "./release.ts";
import { removeObjects } from "./remove-objects.ts";
import { RELEASE_DRAIN_MS } from "./release-service.ts";
import { Turnstile } from "../../../runtime/turnstile.ts";

/** How many Services are asked about at a time. */
const MOST_RELEASED_AT_A_TIME = 8;

/** What would be removed. */
export interface Removal {
  /** Policies that are deleted first, `namespace/name`. */
  readonly policies: readonly string[];
  /** Objects of the installation, in the order in which they go. */
  readonly objects: readonly KubeObject[];
}

/** How it is removed. */
export interface RemovalChoices {
  readonly namespace: string;
  /** Until the namespace is gone. */
  readonly wait: boolean;
  /** Without a moment for those who still come to the gateways. */
  readonly now: boolean;
}

/** What is there to be removed. @throws TandemError InstallationMissing; KubeError */
export async function planRemoval(client: KubeClient, namespace: string): Promise<Removal> {
  const installed = await installedIn(client, namespace);
  if (installed.length === 0)
    throw new TandemError("InstallationMissing", `nothing in the cluster belongs to an installation in ${namespace}`);
  const isGuard = ({ kind }: KubeObject): boolean => kind === "ValidatingAdmissionPolicyBinding";
  const reversed = installed.toReversed();
  return {
    policies: (await policiesOf(client)).map(keyOf),
    // The guard goes first: what it guards has been released, and its record may be old where no controller ran.
    objects: [...reversed.filter(isGuard), ...reversed.filter((object) => !isGuard(object))],
  };
}

async function policiesOf(client: KubeClient): Promise<readonly KubeObject[]> {
  try {
    return (await listPages(client, KUBE_RESOURCES.failoverPolicies, {}, AbortSignal.timeout(60_000))).objects;
  } catch (error) {
    if (error instanceof KubeError && error.status === 404) return [];
    throw error;
  }
}

/**
 * Removes everything, and gives what was removed, as people name it. Interrupted, it goes on when it is called again.
 * @throws TandemError WaitTimedOut; KubeError
 */
export async function removeInstallation(
  tools: InstallationTools,
  { policies, objects }: Removal,
  { namespace, wait, now }: RemovalChoices,
): Promise<readonly string[]> {
  await releaseAll(tools, policies, now ? 0 : RELEASE_DRAIN_MS);
  const removed = await removeObjects(tools.client, objects);
  // A namespace that was not installed along stays.
  const isNamespaceGoing = objects.some(({ kind }) => kind === "Namespace");
  if (wait && isNamespaceGoing) await awaitNamespaceGone(tools, namespace);
  return [...policies.map((key) => `FailoverPolicy ${key}`), ...removed];
}

/** Gives every Service back, with no controller's help, and deletes the policies. @throws TandemError NotReleased, WaitTimedOut */
async function releaseAll(
  { client, clock, progress, timeoutMs }: InstallationTools,
  policies: readonly string[],
  drainMs: number,
): Promise<void> {
  const tools = {
    client,
    clock,
    random: () => Math.random(),
    fieldManager: CLI_FIELD_MANAGER,
    drainMs,
    deadline: AbortSignal.timeout(timeoutMs),
    turnstile: new Turnstile(MOST_RELEASED_AT_A_TIME),
  };
  const report = await releaseServices({ namespace: undefined }, tools, {
    paused: () => {},
    began: (service) => progress(`Service ${service} to go back to its own pods`),
    ended: () => {},
  });
  requireReleased(report);
  for (const key of policies) {
    const [within = "", name = ""] = key.split("/");
    await deleteIfThere(client, pathOf(KUBE_RESOURCES.failoverPolicies, { namespace: within, name }));
  }
}

async function deleteIfThere(client: KubeClient, path: string): Promise<void> {
  try {
    await client.request({ method: "DELETE", path });
  } catch (error) {
    if (!(error instanceof KubeError) || error.status !== 404) throw error;
  }
}

async function awaitNamespaceGone(tools: InstallationTools, namespace: string): Promise<void> {
  const missing = (namespaces: Iterable<KubeObject>): string | undefined =>
    [...namespaces].some(({ metadata }) => metadata.name === namespace)
      ? `the namespace ${namespace} to go, with the pods in it`
      : undefined;
  await awaitAll(
    tools,
    { resource: installedResource("Namespace"), selection: {}, missing },
    `Nothing: Kubernetes removes it by itself. kubectl describe namespace ${namespace} shows what it waits for`,
  );
}

/** What would be removed, for people. */
export function describeRemoval({ policies, objects }: Removal): string {
  return [
    ...(policies.length === 0
      ? ["No FailoverPolicy is left."]
      : ["These FailoverPolicies are deleted, and their Services go back to their pods:", ...indent(policies)]),
    "These objects are removed, and with the namespace everything in it, also the key of the site's authority:",
    ...indent(objects.map(describeObject)),
  ].join("\n");
}

function indent(lines: readonly string[]): readonly string[] {
  return lines.map((line) => `  ${line}`);
}
