/**
 * The pods of a cluster, followed by one watch.
 * @module
 */
import type { KubeClient } from "../../../src/adapters/kube/kube-client.ts";
import { keyOf, type KubeObject } from "../../../src/adapters/kube/kube-resource.ts";
import { Reflector } from "../../../src/adapters/kube/reflector.ts";
import type { Clock } from "../../../src/ports/clock.ts";
import { OWN_NAMESPACES, PODS } from "./own-objects.ts";

const CLOCK: Clock = {
  now: () => Date.now(),
  after: (ms, run) => {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};

/** What becomes of pods in the comparison's namespaces. */
export class PodWatch {
  readonly #reflector: Reflector;
  readonly #looks = new Set<() => void>();

  constructor(client: KubeClient) {
    this.#reflector = new Reflector(
      {
        client,
        resource: PODS,
        selection: {},
        keep: (key) => key.startsWith(OWN_NAMESPACES),
        clock: CLOCK,
        random: Math.random,
        log: { info: () => {}, warn: () => {}, error: () => {} },
      },
      {
        changed: () => {
          for (const look of this.#looks) look();
        },
        troubleChanged: () => {},
      },
    );
  }

  /** Follows, once all pods were read. */
  async open(): Promise<void> {
    this.#reflector.start();
    await this.#reflector.synced;
  }

  /** The pod of `<namespace>/<name>`. */
  get(key: string): KubeObject | undefined {
    return this.#reflector.get(key);
  }

  /** Keys of pods that are being deleted. */
  terminating(): readonly string[] {
    return [...this.#reflector.all()]
      .filter(({ metadata }) => metadata.deletionTimestamp !== undefined)
      .map(keyOf)
      .toSorted();
  }

  /** Whether no pod is left. */
  get isEmpty(): boolean {
    const [first] = this.#reflector.all();
    return first === undefined;
  }

  /** What a look at the pods gives as soon as it gives something; undefined when it gives nothing for so long. */
  async until<T>(look: () => T | undefined, timeoutMs: number): Promise<T | undefined> {
    const now = look();
    if (now !== undefined) return now;
    return await new Promise((resolve) => {
      const end = (found: T | undefined): void => {
        clearTimeout(timer);
        this.#looks.delete(check);
        resolve(found);
      };
      const check = (): void => {
        const found = look();
        if (found !== undefined) end(found);
      };
      const timer = setTimeout(() => end(undefined), timeoutMs);
      this.#looks.add(check);
    });
  }

  /** Returns once nothing about any pod has changed for so long. */
  async quiet(ms: number): Promise<void> {
    for (let changed = true; changed; ) {
      let looks = 0;
      // The first look is not because of a change.
      changed = (await this.until(() => (looks++ > 0 ? true : undefined), ms)) === true;
    }
  }

  /** Follows no longer. */
  close(): void {
    this.#reflector.close();
  }
}
