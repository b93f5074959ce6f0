/**
 * Putting an installation's objects into a cluster.
 * @module
 */
import {
  applyObject,
  describeObject,
  managersOf,
  type PlacedObject,
  readObject,
} from "../../../adapters/kube/applied-objects.ts";
import { awaitObjects, type Awaited } from "../../../adapters/kube/await-objects.ts";
import { INSTALLED_KINDS, installedResource } from "../../../adapters/kube/installed-resources.ts";
import type { KubeClient } from "../../../adapters/kube/kube-client.ts";
import { KubeError } from "../../../adapters/kube/kube-error.ts";
import type { KubeObject } from "../../../adapters/kube/kube-resource.ts";
import { listPages } from "../../../adapters/kube/list-pages.ts";
import { INSTALLATION_LABEL, type InstalledObject } from "../../../core/install/index.ts";
import { TandemError } from "../../../model/errors.ts";
import type { Clock } from "../../../ports/clock.ts";
import type { InstallationProgress } from "./installation-progress.ts";
import { removeObjects } from "./remove-objects.ts";

/** Who installs, in `managedFields`. */
const FIELD_MANAGER = "tandem-install";

/** What commands that change an installation work with. */
export interface InstallationTools {
  readonly client: KubeClient;
  readonly clock: Clock;
  /** Told what is waited for, for people. */
  readonly progress: (text: string) => void;
  /** For each thing that is waited for. */
  readonly timeoutMs: number;
}

/** How an installation is applied. */
export interface ApplyChoices {
  readonly namespace: string;
  /** Over what is there. */
  readonly upgrade: boolean;
  /** Also what others own. */
  readonly force: boolean;
  /** Whether to wait until everything runs. */
  readonly wait: boolean;
}

/** What was done, by how people name objects. */
export interface AppliedInstallation {
  readonly applied: readonly string[];
  /** Of a former version, and not in this one. */
  readonly removed: readonly string[];
}

/**
 * Applies all objects in their order: definitions before what is defined, processes last. Nothing is written before it
 * is known that nothing is in the way.
 * @param done told what has been written
 * @throws TandemError InstallationExists, ObjectsOfOthers, WaitTimedOut; KubeError
 */
export async function applyInstallation(
  tools: InstallationTools,
  objects: readonly InstalledObject[],
  choices: ApplyChoices,
  done: Pick<InstallationProgress, "begin" | "took">,
): Promise<AppliedInstallation> {
  const { client } = tools;
  const present = await presentOf(client, objects);
  refuseSecond(present, choices);
  if (choices.upgrade) await refuseOtherSite(client, objects, choices.namespace);
  await refuseTakeover(client, objects, { present, force: choices.force });
  const how = { fieldManager: FIELD_MANAGER, force: choices.force };
  const definitions = objects.filter(({ kind }) => kind === "CustomResourceDefinition");
  done.begin();
  for (const object of objects) {
    await applyObject(client, object, how);
    done.took(object);
    if (object === definitions.at(-1)) await awaitDefinitions(tools, definitions);
  }
  const removed = choices.upgrade ? await removeLeftovers(client, objects, choices.namespace) : [];
  if (choices.wait) await awaitDeployments(tools, objects, choices.namespace);
  return { applied: objects.map(describeObject), removed };
}

/** Those of the objects that are there already. */
async function presentOf(client: KubeClient, objects: readonly InstalledObject[]): Promise<readonly KubeObject[]> {
  const found = await Promise.all(objects.map((object) => readObject(client, object)));
  return found.flatMap((object) => object ?? []);
}

/** Those of some namespaces that do not exist. @throws KubeError */
export async function missingNamespaces(client: KubeClient, names: readonly string[]): Promise<readonly string[]> {
  const found = await Promise.all(names.map((name) => readObject(client, { kind: "Namespace", metadata: { name } })));
  return names.filter((_, index) => found[index] === undefined);
}

function refuseSecond(present: readonly KubeObject[], { upgrade, namespace }: ApplyChoices): void {
  const own = present.filter((object) => managersOf(object).includes(FIELD_MANAGER));
  if (upgrade || own.length === 0) return;
  throw new TandemError(
    "InstallationExists",
    `${own.length} objects of an installation are there already, among them ${own.slice(0, 3).map(describeObject).join(", ")}`,
    {
      remedy: `Apply over them with \`tandem install --upgrade --namespace ${namespace}\` and all your options, or remove them with \`tandem uninstall\``,
    },
  );
}

/** A cluster's site keeps its name: its authority and what other sites know of it are bound to that. */
async function refuseOtherSite(
  client: KubeClient,
  objects: readonly InstalledObject[],
  namespace: string,
): Promise<void> {
  const wanted = objects.find(({ kind }) => kind === "Site")?.metadata.name;
  const labelSelector = `${INSTALLATION_LABEL}=${namespace}`;
  const sites = await listPages(
    client,
    installedResource("Site"),
    { labelSelector },
    AbortSignal.timeout(60_000),
  ).catch((error: unknown) => {
    // The definitions are not there: nor is any Site.
    if (error instanceof KubeError && error.status === 404) return { objects: [] };
    throw error;
  });
  const [other] = sites.objects.filter(({ metadata }) => metadata.name !== wanted);
  if (other === undefined) return;
  throw new TandemError(
    "InstallationExists",
    `this cluster is the site ${other.metadata.name}, and not ${wanted ?? ""}`,
    {
      remedy: `Name it with --site ${other.metadata.name}, or use the --context of the cluster that you mean`,
    },
  );
}

/**
 * Refuses to write objects that somebody else made, and fields that somebody else has set since, all of them at once.
 * The namespace may be there: people prepare it with what pulling images takes.
 */
async function refuseTakeover(
  client: KubeClient,
  objects: readonly InstalledObject[],
  { present, force }: { readonly present: readonly KubeObject[]; readonly force: boolean },
): Promise<void> {
  if (force) return;
  const known = new Map(present.map((object) => [describeObject(object), object]));
  const problems: string[] = [];
  for (const object of objects) {
    const before = known.get(describeObject(object));
    if (before === undefined) continue;
    const managers = managersOf(before);
    if (object.kind !== "Namespace" && !managers.includes(FIELD_MANAGER))
      problems.push(`${describeObject(object)} was made by ${managers.join(" and ") || "somebody else"}`);
    else problems.push(...(await conflictsOf(client, object)));
  }
  if (problems.length > 0) throw new TandemError("ObjectsOfOthers", problems.join("\n  "));
}

async function conflictsOf(client: KubeClient, object: InstalledObject): Promise<readonly string[]> {
  try {
    await applyObject(client, object, { fieldManager: FIELD_MANAGER, force: false, dryRun: true });
    return [];
  } catch (error) {
    if (!(error instanceof KubeError) || error.reason !== "Conflict") throw error;
    return error.causes.map(({ field, message }) => `${describeObject(object)}: ${field}: ${message}`);
  }
}

async function awaitDefinitions(tools: InstallationTools, definitions: readonly PlacedObject[]): Promise<void> {
  const missing = (found: Iterable<KubeObject>): string | undefined => {
    const served = new Set([...found].filter(isEstablished).map(({ metadata }) => metadata.name));
    const waiting = definitions.map(({ metadata }) => metadata.name).filter((name) => !served.has(name));
    return waiting.length === 0 ? undefined : `the API server to serve ${waiting.join(", ")}`;
  };
  await awaitAll(
    tools,
    { resource: installedResource("CustomResourceDefinition"), selection: {}, missing },
    "Look at their conditions with kubectl describe crd, then run the command again with --upgrade",
  );
}

/** Waits, and says what to do when the time is over. @throws TandemError WaitTimedOut */
export async function awaitAll(tools: InstallationTools, what: Awaited, remedy: string): Promise<void> {
  const missing = await awaitObjects(tools, what, {
    timeoutMs: tools.timeoutMs,
    progress: (text) => tools.progress(`waiting for ${text}`),
  });
  if (missing !== undefined)
    throw new TandemError("WaitTimedOut", `waited ${tools.timeoutMs / 1_000} s for ${missing}`, { remedy });
}

interface Conditioned {
  readonly conditions?: readonly { readonly type: string; readonly status: string }[];
}

function isEstablished(definition: KubeObject): boolean {
  const { conditions = [] } = (definition["status"] ?? {}) as Conditioned;
  return conditions.some(({ type, status }) => type === "Established" && status === "True");
}

/** Kinds of which nothing is ever removed by an upgrade: what people have written would go with it. */
const KEPT: ReadonlySet<string> = new Set(["Namespace", "CustomResourceDefinition", "Site"]);

/** Removes what a former version installed and this one does not, or what other options asked for. */
async function removeLeftovers(
  client: KubeClient,
  objects: readonly InstalledObject[],
  namespace: string,
): Promise<readonly string[]> {
  const wanted = new Set(objects.map(describeObject));
  const installed = await installedIn(client, namespace);
  const leftovers = installed.filter((object) => !KEPT.has(object.kind) && !wanted.has(describeObject(object)));
  return await removeObjects(client, leftovers.toReversed());
}

/** Everything that is installed, in the order in which it was. @throws KubeError */
export async function installedIn(client: KubeClient, namespace: string): Promise<readonly KubeObject[]> {
  const labelSelector = `${INSTALLATION_LABEL}=${namespace}`;
  const signal = AbortSignal.timeout(60_000);
  const found: KubeObject[] = [];
  for (const kind of INSTALLED_KINDS) {
    try {
      found.push(...(await listPages(client, installedResource(kind), { labelSelector }, signal)).objects);
    } catch (error) {
      // Nobody serves what no definition defines any more.
      if (!(error instanceof KubeError) || error.status !== 404) throw error;
    }
  }
  return found;
}

async function awaitDeployments(
  tools: InstallationTools,
  objects: readonly InstalledObject[],
  namespace: string,
): Promise<void> {
  const names = objects.filter(({ kind }) => kind === "Deployment").map(({ metadata }) => metadata.name);
  const missing = (found: Iterable<KubeObject>): string | undefined => {
    const present = new Map([...found].map((object) => [object.metadata.name, object]));
    const waiting = names.flatMap((name) => rolloutMissing(name, present.get(name)) ?? []);
    return waiting.length === 0 ? undefined : waiting.join("; ");
  };
  await awaitAll(
    tools,
    { resource: installedResource("Deployment"), selection: { namespace }, missing },
    `See what keeps the pods from being ready: kubectl describe pods --namespace ${namespace}. What was applied stays`,
  );
}

interface DeploymentFields {
  readonly spec?: { readonly replicas?: number };
  readonly status?: {
    readonly observedGeneration?: number;
    readonly updatedReplicas?: number;
    readonly availableReplicas?: number;
    readonly replicas?: number;
  };
}

/** What a Deployment lacks until all of its pods are of the new version and available. */
function rolloutMissing(name: string, object: KubeObject | undefined): string | undefined {
  if (object === undefined) return `Deployment ${name}`;
  const { spec, status } = object as unknown as DeploymentFields;
  const wanted = spec?.replicas ?? 1;
  const isSeen = (status?.observedGeneration ?? 0) >= (object.metadata.generation ?? 0);
  const updated = isSeen ? (status?.updatedReplicas ?? 0) : 0;
  const available = isSeen ? (status?.availableReplicas ?? 0) : 0;
  const isOver = isSeen && updated >= wanted && available >= wanted && (status?.replicas ?? 0) <= updated;
  return isOver ? undefined : `Deployment ${name} (${Math.min(updated, available)} of ${wanted} pods ready)`;
}
