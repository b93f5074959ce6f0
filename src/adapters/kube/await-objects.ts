import type { Clock } from "../../ports/clock.ts";
import type { Logger } from "../../ports/logger.ts";
import type { KubeClient } from "./kube-client.ts";
import type { KubeObject, KubeResource } from "./kube-resource.ts";
import type { KubeSelection } from "./list-pages.ts";
import { Reflector } from "./reflector.ts";

/** What is waited for. */
export interface Awaited {
  readonly resource: KubeResource;
  readonly selection: KubeSelection;
  /** What is still to happen, for people; undefined when nothing is. Asked after every change. */
  readonly missing: (objects: Iterable<KubeObject>) => string | undefined;
}

/** How long, and who hears of it. */
export interface AwaitHow {
  readonly timeoutMs: number;
  /** Told what is missing, whenever that changes. */
  readonly progress: (missing: string) => void;
}

/**
 * Follows objects until nothing is missing any more. Gives undefined then, and what is missing when the time is over.
 */
export async function awaitObjects(
  sources: { readonly client: KubeClient; readonly clock: Clock },
  { resource, selection, missing }: Awaited,
  { timeoutMs, progress }: AwaitHow,
): Promise<string | undefined> {
  const ended = Promise.withResolvers<string | undefined>();
  let last = `an answer about ${resource.plural}`;
  const look = (): void => {
    const now = missing(reflector.all());
    if (now === undefined) return ended.resolve(undefined);
    if (now !== last) progress(now);
    last = now;
  };
  const reflector = new Reflector(
    { ...sources, resource, selection, random: Math.random, log: SILENT },
    {
      changed: look,
      troubleChanged: () => {
        if (reflector.trouble !== undefined) progress(`${resource.plural}: ${reflector.trouble.message}`);
      },
    },
  );
  const cancel = sources.clock.after(timeoutMs, () => ended.resolve(last));
  reflector.start();
  void reflector.synced.then(look);
  try {
    return await ended.promise;
  } finally {
    cancel();
    reflector.close();
  }
}

/** Trouble is told as progress. */
const SILENT: Logger = { info: () => {}, warn: () => {}, error: () => {} };
