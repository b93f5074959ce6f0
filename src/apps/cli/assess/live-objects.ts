/**
 * A cluster's objects as its API server has them now, for an assessment.
 * @module
 */
import type { KubeClient } from "../../../adapters/kube/kube-client.ts";
import type { KubeObject } from "../../../adapters/kube/kube-resource.ts";
import { readCluster } from "../../../adapters/kube/read-cluster.ts";
import { processTimer } from "../commands/process.ts";
import { progressAfter } from "../progress.ts";

/** How long reading may take before it is said how far it is, in milliseconds. */
const QUIET_MS = 2_000;

/** What was read of a cluster, as it goes on. */
export interface ReadCounts {
  /** By kind. */
  readonly objects: ReadonlyMap<string, number>;
  /** Resources without permission to list them, e.g. `secrets`. */
  readonly refused: readonly string[];
}

/**
 * Reads all that matters, and says how far it is on standard error once it takes long.
 * @param counted told of all counts at the end
 * @throws KubeError where nodes or pods cannot be read, or the API server does not answer
 */
export async function* liveObjects(
  client: KubeClient,
  counted: (counts: ReadCounts) => void,
): AsyncGenerator<KubeObject, void> {
  const counts = new Map<string, number>();
  const refused: string[] = [];
  const clock = { now: () => Date.now(), after: processTimer };
  const progress = progressAfter(QUIET_MS, clock, (text) => process.stderr.write(`${text}\n`));
  try {
    for await (const { resource, objects, missing } of readCluster(client, new AbortController().signal)) {
      if (missing === "refused") refused.push(resource.plural);
      if (objects.length > 0) counts.set(resource.kind, objects.length);
      progress.tell(`read ${objects.length} ${resource.plural}`);
      yield* objects;
    }
  } finally {
    progress.end();
  }
  counted({ objects: counts, refused });
}

/** What could not be read may matter: it is said, and the rest counts. */
export function reportRefused({ refused }: ReadCounts): void {
  if (refused.length > 0)
    process.stderr.write(`no permission to list ${refused.join(", ")}: what these decide is not known here\n`);
}
