/**
 * What a doctor reads of a cluster. What the person may not read is left open; the rest is looked at all the same.
 * @module
 */
import { z } from "zod";
import type { KubeClient } from "../../../adapters/kube/kube-client.ts";
import { KUBE_RESOURCES, type KubeObject } from "../../../adapters/kube/kube-resource.ts";
import { customResourceDefinitions } from "../../../model/definitions/index.ts";
import type { ClusterPicture, DefinitionPicture } from "../../../model/doctor.ts";
import { Site } from "../../../model/kinds/index.ts";
import { type Namespace, readNetworkPolicy } from "../../../model/network-policy.ts";
import { ORIGIN_LABEL } from "../../../model/origin.ts";
import { targetsOf } from "../cluster/pause-policies.ts";
import { statusOfPolicy } from "../cluster/policy-status.ts";
import { bundleCertificates } from "./bundle-certificates.ts";
import { ifAllowed, readIfAllowed, readOnly } from "../cluster/read-if-allowed.ts";
import { tryPorts } from "./gateway-picture.ts";
import { sitePictures } from "./site-pictures.ts";
import { readDenied } from "./permissions.ts";
import { servicePictures } from "./service-pictures.ts";
import { accountsOf, readTandemPods } from "./tandem-pods.ts";

const DEFINITIONS = readOnly("apiextensions.k8s.io", "customresourcedefinitions", "CustomResourceDefinition", false);
const LEASE = "tandem-controller";

/** How a cluster is looked at. */
export interface ClusterLook {
  /** Whose policies and Services; of all namespaces when absent. */
  readonly namespace: string | undefined;
  /** Namespace of Tandem's own objects. */
  readonly tandemNamespace: string;
  /** Whether the gateways' ports are tried from this machine. */
  readonly probe: boolean;
  /** Unix milliseconds. */
  readonly now: () => number;
}

/** Reads the picture of a cluster. @throws KubeError when the API server does not answer */
export async function readClusterPicture(client: KubeClient, look: ClusterLook): Promise<ClusterPicture> {
  const { namespace, tandemNamespace } = look;
  const [serverAheadMs, definitions, policies, services, originSlices, siteObjects] = await Promise.all([
    readClock(client, look.now),
    readIfAllowed(client, DEFINITIONS),
    readIfAllowed(client, KUBE_RESOURCES.failoverPolicies, { namespace }),
    readIfAllowed(client, KUBE_RESOURCES.services, { namespace }),
    readIfAllowed(client, KUBE_RESOURCES.endpointSlices, { namespace, labelSelector: ORIGIN_LABEL }),
    readIfAllowed(client, KUBE_RESOURCES.sites),
  ]);
  const [networkPolicies, namespaces, pods] = await Promise.all([
    readIfAllowed(client, KUBE_RESOURCES.networkPolicies),
    readIfAllowed(client, KUBE_RESOURCES.namespaces),
    readTandemPods(client, tandemNamespace),
  ]);
  const leases = await readIfAllowed(client, KUBE_RESOURCES.leases, { namespace: tandemNamespace });
  const lease = leases === undefined ? undefined : leaderOf(leases, look.now() + (serverAheadMs ?? 0));
  const labels = new Map((namespaces ?? []).map(({ metadata }) => [metadata.name, metadata.labels ?? {}]));
  const namespaceOf = (name: string): Namespace => ({
    name,
    labels: labels.get(name) ?? {},
  });
  const sites = siteObjects?.flatMap((object) => Site.safeParse(object).data ?? []);
  const pictures = sites === undefined ? undefined : sitePictures({ sites, leases: leases ?? [], pods: pods ?? [] });
  const gateways = (pictures ?? []).flatMap((site) => site.gateways.map(({ address }) => address));
  const targets = (policies ?? []).map(targetsOf);
  return {
    now: look.now(),
    serverAheadMs,
    lease,
    definitions: definitions === undefined ? undefined : definitionPictures(definitions),
    denied: await readDenied(client, {
      namespace,
      protectedNamespaces: [...new Set(targets.map((policy) => policy.namespace))].toSorted(),
      accounts: accountsOf(pods ?? [], { namespace: tandemNamespace, leader: lease?.holder ?? "", gateways }),
    }),
    policies: policies?.map((policy) => {
      const { namespace: of, name, paused } = targetsOf(policy);
      return { key: `${of}/${name}`, paused, reported: statusOfPolicy(policy) !== undefined };
    }),
    services:
      services === undefined
        ? undefined
        : servicePictures({ services, originSlices: originSlices ?? [], policies: targets, namespaceOf }),
    networkPolicies: networkPolicies?.flatMap((object) => readNetworkPolicy(object) ?? []),
    tandem: pods === undefined ? undefined : { namespace: namespaceOf(tandemNamespace), pods },
    conditioned: policies?.map((policy) => ({
      subject: `FailoverPolicy ${policy.metadata.namespace ?? ""}/${policy.metadata.name}`,
      conditions: statusOfPolicy(policy)?.conditions ?? [],
    })),
    sites: look.probe && pictures !== undefined ? await Promise.all(pictures.map(tryPorts)) : pictures,
    certificates: (sites ?? []).flatMap(({ metadata, spec }) => bundleCertificates(metadata.name, spec.trustBundle)),
    versions: (pods ?? []).flatMap(({ name, images }) => {
      const version = images.find((image) => image.includes("tandem"));
      return version === undefined ? [] : [{ who: `Pod ${tandemNamespace}/${name}`, version }];
    }),
  };
}

/** By the time that stands on an answer. What may be the way to the server and back is not taken for a difference. */
async function readClock(client: KubeClient, now: () => number): Promise<number | undefined> {
  const before = now();
  const answer = await ifAllowed(client.open({ method: "GET", path: "/api" }));
  const after = now();
  answer?.destroy();
  const time = Date.parse(answer?.headers.date ?? "");
  if (Number.isNaN(time)) return undefined;
  // The header has whole seconds.
  if (time > after) return time - after;
  return Math.min(0, time + 1_000 - before);
}

const Lease = z.looseObject({
  spec: z.looseObject({
    holderIdentity: z.string().nullish(),
    renewTime: z.string().nullish(),
    leaseDurationSeconds: z.number().nullish(),
  }),
});

function leaderOf(leases: readonly KubeObject[], serverNow: number): ClusterPicture["lease"] {
  const { data } = Lease.safeParse(leases.find(({ metadata }) => metadata.name === LEASE));
  if (data === undefined) return null;
  const { holderIdentity, renewTime, leaseDurationSeconds } = data.spec;
  return {
    holder: holderIdentity ?? "",
    renewedAgoMs: serverNow - (Date.parse(renewTime ?? "") || 0),
    durationMs: (leaseDurationSeconds ?? 0) * 1_000,
  };
}

const Definition = z.looseObject({
  spec: z.looseObject({
    versions: z.array(z.looseObject({ name: z.string(), served: z.boolean(), schema: z.unknown() })),
  }),
  status: z
    .looseObject({ conditions: z.array(z.looseObject({ type: z.string(), status: z.string() })).default([]) })
    .default({ conditions: [] }),
});

function definitionPictures(found: readonly KubeObject[]): readonly DefinitionPicture[] {
  return customResourceDefinitions().map((wanted) => {
    const { name } = wanted.metadata;
    const [own] = Definition.parse(wanted).spec.versions;
    const { data } = Definition.safeParse(found.find(({ metadata }) => metadata.name === name));
    if (data === undefined) return { name, found: undefined, wanted: own?.name ?? "" };
    const same = data.spec.versions.find((version) => version.name === own?.name);
    return {
      name,
      wanted: own?.name ?? "",
      found: {
        established: data.status.conditions.some(({ type, status }) => type === "Established" && status === "True"),
        served: data.spec.versions.filter(({ served }) => served).map((version) => version.name),
        sameSchema: inOneOrder(same?.schema) === inOneOrder(own?.schema),
      },
    };
  });
}

/** Fields have no order that counts. */
function inOneOrder(value: unknown): string {
  return JSON.stringify(value, (_key, one: unknown) =>
    typeof one === "object" && one !== null && !Array.isArray(one)
      ? Object.fromEntries(Object.entries(one).sort(([left], [right]) => (left < right ? -1 : 1)))
      : one,
  );
}
