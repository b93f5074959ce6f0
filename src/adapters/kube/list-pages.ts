import { z } from "zod";
import type { KubeClient } from "./kube-client.ts";
import { KubeError, unreachable } from "./kube-error.ts";
import { apiVersionOf, type KubeObject, type KubeResource, pathOf } from "./kube-resource.ts";

/** Objects a page: large enough for few round trips, small enough that parsing one does not hold up the rest of the process. */
const PAGE_SIZE = 500;

/** https://kubernetes.io/docs/reference/using-api/api-concepts/#receiving-resources-as-metadata, and whole objects where that is not known. */
const METADATA_ONLY = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1, application/json";

/** Which objects of a resource. */
export interface KubeSelection {
  /** All namespaces when absent. */
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
  /** The API server gives nothing but their metadata. */
  readonly metadataOnly?: true | undefined;
}

/** The objects there are, and the version from which a watch goes on. */
export interface KubeList {
  readonly objects: readonly KubeObject[];
  readonly resourceVersion: string;
}

const Page = z.looseObject({
  metadata: z.looseObject({ resourceVersion: z.string(), continue: z.string().optional() }),
  items: z.array(z.looseObject({ metadata: z.looseObject({ name: z.string() }) })).nullish(),
});

/**
 * All objects of a resource, page by page, as they were at one moment.
 * @throws KubeError
 */
export async function listPages(
  client: KubeClient,
  resource: KubeResource,
  { namespace, labelSelector, fieldSelector, metadataOnly }: KubeSelection,
  signal: AbortSignal,
): Promise<KubeList> {
  const objects: KubeObject[] = [];
  const path = pathOf(resource, { namespace });
  const accept = metadataOnly === true ? { accept: METADATA_ONLY } : {};
  let next: string | undefined;
  do {
    const query = { labelSelector, fieldSelector, limit: PAGE_SIZE, continue: next };
    const page = await readPage(client, { path, query, signal, ...accept });
    // Lists of the API server's own kinds leave out what is the same for all of their items.
    const typed = { apiVersion: apiVersionOf(resource), kind: resource.kind };
    for (const item of page.items ?? [])
      objects.push((metadataOnly === true ? { ...item, ...typed } : { ...typed, ...item }) as KubeObject);
    next = page.metadata.continue === "" ? undefined : page.metadata.continue;
    if (next === undefined) return { objects, resourceVersion: page.metadata.resourceVersion };
  } while (!signal.aborted);
  throw unreachable("stopped");
}

async function readPage(
  client: KubeClient,
  request: {
    readonly path: string;
    readonly query: Readonly<Record<string, string | number | undefined>>;
    readonly signal: AbortSignal;
    readonly accept?: string;
  },
): Promise<z.infer<typeof Page>> {
  const page = Page.safeParse(await client.request({ method: "GET", timeoutMs: 60_000, ...request }));
  if (page.success) return page.data;
  throw new KubeError({
    status: 500,
    reason: "Unknown",
    message: `${request.path} answered something that is no list`,
  });
}
