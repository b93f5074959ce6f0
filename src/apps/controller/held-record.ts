import type { KubeClient } from "../../adapters/kube/kube-client.ts";
import { installedResource } from "../../adapters/kube/installed-resources.ts";
import { pathOf } from "../../adapters/kube/kube-resource.ts";
import { HELD_RECORD, heldRecord } from "../../core/install/guard.ts";
import type { ServiceKey } from "../../model/service-key.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Logger } from "../../ports/logger.ts";

/** Changes that come together are written once, in milliseconds. */
const GATHER_MS = 250;

/** Longest pause after a write that failed, in milliseconds; the record may not be there at all. */
const AGAIN_MS = 10_000;

/** What the record is made of. */
export interface HeldRecordSources {
  readonly client: KubeClient;
  /** Tandem's own. */
  readonly namespace: string;
  /** Services that are held now; asked right before a write. */
  readonly held: () => readonly ServiceKey[];
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Keeps the ConfigMap that the guard of an installation looks at (core/install/guard.ts) like what is held. Only the
 * leader has one.
 */
export class HeldRecord {
  readonly #sources: HeldRecordSources;
  #written: string | undefined;
  #isBusy = false;
  #isMissing = false;
  #cancel: (() => void) | undefined;
  #closed = false;

  constructor(sources: HeldRecordSources) {
    this.#sources = sources;
  }

  /** What is held may have changed: the record says so within a second, if the API server answers. */
  look(): void {
    this.#lookIn(GATHER_MS);
  }

  /** Writes no more; what was written stays. */
  close(): void {
    this.#closed = true;
    this.#cancel?.();
  }

  #lookIn(ms: number): void {
    if (this.#closed || this.#isBusy || this.#cancel !== undefined) return;
    this.#cancel = this.#sources.clock.after(ms, () => {
      this.#cancel = undefined;
      void this.#write();
    });
  }

  async #write(): Promise<void> {
    const { client, namespace, held, log } = this.#sources;
    const data = heldRecord(held());
    const text = JSON.stringify(data);
    if (text === this.#written) return;
    this.#isBusy = true;
    let pause = GATHER_MS;
    try {
      await client.request({
        method: "PATCH",
        path: pathOf(installedResource("ConfigMap"), { namespace, name: HELD_RECORD }),
        query: { fieldManager: "tandem-controller" },
        body: { data },
        bodyType: "application/merge-patch+json",
      });
      this.#written = text;
      this.#isMissing = false;
    } catch (error) {
      // Nothing depends on it but the guard: it is said once, and tried again.
      if (!this.#isMissing) log.warn("held_record_not_written", { error: String(error) });
      this.#isMissing = true;
      pause = AGAIN_MS;
    }
    this.#isBusy = false;
    // What came while it was written.
    this.#lookIn(pause);
  }
}
