/**
 * A cluster as a place of objects for contract tests: any that a kubeconfig leads to. What a test makes is in a namespace
 * of its own, which goes with it.
 * @module
 */
import { randomBytes } from "node:crypto";
import { setTimeout as after } from "node:timers/promises";
import { KubeClient } from "../../src/adapters/kube/kube-client.ts";
import { loadKubeConnection } from "../../src/adapters/kube/kube-connection.ts";
import { KubeError } from "../../src/adapters/kube/kube-error.ts";
import { KUBE_RESOURCES, type KubeResource, pathOf } from "../../src/adapters/kube/kube-resource.ts";
import { KubeStore } from "../../src/adapters/kube/kube-store.ts";
import { originName } from "../../src/core/takeover/origin.ts";
import { customResourceDefinitions } from "../../src/model/definitions/index.ts";
import { type KindName, SERVICE_NAME_LABEL } from "../../src/model/kinds/index.ts";
import { ORIGIN_LABEL } from "../../src/model/origin.ts";
import type { Manifest, StoreWorld } from "./object-store-contract.ts";

const NAMESPACES: KubeResource = {
  group: "",
  version: "v1",
  plural: "namespaces",
  kind: "Namespace",
  namespaced: false,
};
const DEFINITIONS: KubeResource = {
  group: "apiextensions.k8s.io",
  version: "v1",
  plural: "customresourcedefinitions",
  kind: "CustomResourceDefinition",
  namespaced: false,
};

const RESOURCE_OF: Readonly<Record<KindName, KubeResource>> = {
  Service: KUBE_RESOURCES.services,
  EndpointSlice: KUBE_RESOURCES.endpointSlices,
  FailoverPolicy: KUBE_RESOURCES.failoverPolicies,
  Switch: KUBE_RESOURCES.switches,
  Site: KUBE_RESOURCES.sites,
};

const FIELD_MANAGER = "tandem-contract";
const ASK_AGAIN_MS = 50;

/** A client of the cluster that a kubeconfig leads to. */
export async function connect(kubeconfig: string): Promise<KubeClient> {
  return new KubeClient(await loadKubeConnection({ kubeconfig }), FIELD_MANAGER);
}

/** Installs those of Tandem's definitions that are not there, and waits until the API server serves them. Returns their names. */
export async function installDefinitions(client: KubeClient): Promise<readonly string[]> {
  const present = await client.request<{ items: { metadata: { name: string } }[] }>({
    method: "GET",
    path: pathOf(DEFINITIONS),
  });
  const names = new Set(present.items.map(({ metadata }) => metadata.name));
  const missing = customResourceDefinitions().filter(({ metadata }) => !names.has(metadata.name));
  for (const definition of missing)
    await apply(client, pathOf(DEFINITIONS, { name: definition.metadata.name }), definition);
  for (const resource of [KUBE_RESOURCES.failoverPolicies, KUBE_RESOURCES.switches, KUBE_RESOURCES.sites]) {
    while (!(await isServed(client, resource))) await after(ASK_AGAIN_MS);
  }
  return missing.map(({ metadata }) => metadata.name);
}

/** Takes definitions away again, and with them all objects of their kinds. */
export async function removeDefinitions(client: KubeClient, names: readonly string[]): Promise<void> {
  for (const name of names) await client.request({ method: "DELETE", path: pathOf(DEFINITIONS, { name }) });
}

/** Makes a namespace with a store that follows the cluster, asking as `gateway`. */
export async function openKubeWorld(
  { client, gateway }: { readonly client: KubeClient; readonly gateway: KubeClient },
  reader: "controller" | "gateway" = "gateway",
): Promise<StoreWorld> {
  const namespace = `tandem-contract-${randomBytes(4).toString("hex")}`;
  await client.request({
    method: "POST",
    path: pathOf(NAMESPACES),
    body: { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } },
  });
  const store = new KubeStore(
    {
      client: gateway,
      clock: {
        now: () => Date.now(),
        after: (ms, run) => {
          const timer = setTimeout(run, ms);
          return () => clearTimeout(timer);
        },
      },
      random: Math.random,
      log: { info: () => {}, warn: () => {}, error: () => {} },
    },
    reader,
  );
  return {
    store,
    namespace,
    put: (manifest) => apply(client, pathOfManifest(manifest), asOrigin(manifest)),
    remove: async (manifest) => {
      await client.request({ method: "DELETE", path: pathOfManifest(manifest) });
    },
    close: async () => {
      store.close();
      await client.request({ method: "DELETE", path: pathOf(NAMESPACES, { name: namespace }) });
    },
  };
}

/** What gateways read of a Service is its origin: see docs/adr/0009. */
function asOrigin(manifest: Manifest): unknown {
  const { metadata } = manifest;
  if (manifest.kind === "Service")
    return {
      ...manifest,
      metadata: { ...metadata, name: originName(metadata.name), labels: { [ORIGIN_LABEL]: metadata.name } },
      spec: { ...manifest.spec, clusterIP: "None" },
    };
  if (manifest.kind !== "EndpointSlice") return manifest;
  const labels = metadata["labels"] as Readonly<Record<string, string>>;
  const target = labels[SERVICE_NAME_LABEL] ?? "";
  return {
    ...manifest,
    metadata: { ...metadata, labels: { [SERVICE_NAME_LABEL]: originName(target), [ORIGIN_LABEL]: target } },
  };
}

function pathOfManifest({ kind, metadata }: Manifest): string {
  const name = kind === "Service" ? originName(metadata.name) : metadata.name;
  return pathOf(RESOURCE_OF[kind], { namespace: metadata.namespace, name });
}

async function apply(client: KubeClient, path: string, body: unknown): Promise<void> {
  const query = { fieldManager: FIELD_MANAGER, force: true };
  await client.request({ method: "PATCH", path, query, body, bodyType: "application/apply-patch+yaml" });
}

async function isServed(client: KubeClient, resource: KubeResource): Promise<boolean> {
  try {
    await client.request({ method: "GET", path: pathOf(resource), query: { limit: 1 } });
    return true;
  } catch (error) {
    if (error instanceof KubeError && error.status === 404) return false;
    throw error;
  }
}
