/**
 * Two clusters for a run, ended with it. What runs is compiled, as it is in an image.
 * @module
 */
import { fileURLToPath } from "node:url";
import { ClusterPair } from "../../test/e2e/cluster-pair.ts";
import type { RunScope } from "../rig/process-group.ts";

const compiled = (path: string): string => fileURLToPath(new URL(`../../dist/apps/${path}`, import.meta.url));
const programs = { tandem: compiled("cli/main.js"), backend: compiled("lab/backend/main.js") };

/** Where clusters are and what else is in them. */
export interface PairPlace {
  /** First two numbers of addresses. */
  readonly prefix: string;
  /** Beside those of `shop/web`. */
  readonly namespaces?: readonly string[];
}

/** Starts the API servers and the pods of `shop/web`. All of it ends with the scope. */
export async function startClusters({ directory, processes }: RunScope, place: PairPlace): Promise<ClusterPair> {
  const pair = await ClusterPair.start({ ...place, directory, programs });
  processes.onEnd(() => pair.close());
  return pair;
}
