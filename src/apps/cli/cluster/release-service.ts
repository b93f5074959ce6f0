/**
 * The way back of one Service, from whatever state somebody left it in, with an API server and nothing else.
 * @module
 */
import type { KubeClient } from "../../../adapters/kube/kube-client.ts";
import { KubeError } from "../../../adapters/kube/kube-error.ts";
import { KubeWriter } from "../../../adapters/kube/kube-writer.ts";
import { gatewaysIn, listenPortsIn } from "../../../core/takeover/gateways-in.ts";
import { LONGEST_RETURN_MS, readyEndpoints } from "../../../core/takeover/returned.ts";
import { isHeld } from "../../../core/takeover/selector.ts";
import { RELEASED_ANNOTATION } from "../../../model/origin.ts";
import type { ServiceKey } from "../../../model/service-key.ts";
import type { TakeoverView } from "../../../model/takeover.ts";
import type { Clock } from "../../../ports/clock.ts";
import type { ClusterWriter } from "../../../ports/cluster-writer.ts";
import type { Logger } from "../../../ports/logger.ts";
import { TakeoverReconciler } from "../../../runtime/takeover-reconciler.ts";
import { remedyOf } from "./cluster-refusal.ts";
import { hasOwnEndpoints, readTraces, type ServiceTraces } from "./service-traces.ts";
import type { Turnstile } from "../../../runtime/turnstile.ts";

/** How long gateways go on serving who still comes, as with the controller. In milliseconds. */
export const RELEASE_DRAIN_MS = 10_000;

/**
 * What became of a Service. `Untouched`: there was nothing of Tandem's. `Absent`: nor is there such a Service. `Failed`:
 * trying again does not help. `TimedOut`: the time was over; the reason is what was in the way last, if anything was.
 */
export type ServiceRelease = { readonly outcome: "Released" | "Untouched" | "Absent" } | UnfinishedRelease;

/** Why a Service is not released. */
export interface UnfinishedRelease {
  readonly outcome: "Failed" | "TimedOut";
  readonly reason: string;
  readonly message: string;
  readonly remedy: string;
}

/** What a release is carried out with. */
export interface ReleaseTools {
  readonly client: KubeClient;
  readonly clock: Clock;
  /** From 0 to 1. */
  readonly random: () => number;
  readonly fieldManager: string;
  /** See {@link TakeoverView.drainMs}. */
  readonly drainMs: number;
  /** Ends what is not released by then. */
  readonly deadline: AbortSignal;
  readonly turnstile: Turnstile;
}

const NOT_IN_TIME = {
  reason: "NotInTime",
  message: "is not released yet",
  remedy: "Run it again, with a longer --timeout: it goes on where it stands",
};

/** What goes wrong on the way is told as the outcome. */
const SILENT: Logger = { info: () => {}, warn: () => {}, error: () => {} };

/** Releases a Service. Never rejects. @param began called when there is something to do */
export function releaseService(key: ServiceKey, tools: ReleaseTools, began: () => void): Promise<ServiceRelease> {
  return new Promise((resolve) => {
    const release = new Release(key, tools, { began, ended: resolve });
    release.start();
  });
}

class Release {
  readonly #key: ServiceKey;
  readonly #tools: ReleaseTools;
  readonly #events: { began(): void; ended(release: ServiceRelease): void };
  readonly #reconciler: TakeoverReconciler;
  /** What went wrong last and may pass. */
  #trouble: Omit<UnfinishedRelease, "outcome"> | undefined;
  #service: "unknown" | "there" | "absent" = "unknown";
  #hasBegun = false;
  #ended = false;
  #returningSince: number | undefined;
  readonly #giveUp = (): void => this.#end({ outcome: "TimedOut", ...(this.#trouble ?? NOT_IN_TIME) });

  constructor(key: ServiceKey, tools: ReleaseTools, events: { began(): void; ended(release: ServiceRelease): void }) {
    this.#key = key;
    this.#tools = tools;
    this.#events = events;
    const { client, clock, random, fieldManager } = tools;
    const writer = new KubeWriter(client, fieldManager, { mayWrite: () => !this.#ended, written: () => {} });
    this.#reconciler = new TakeoverReconciler(
      { view: () => this.#view(), writer: this.#watched(writer), clock, random, log: SILENT },
      {
        planned: (_key, { state, refusals }) => {
          const [refusal] = refusals;
          if (state === "Released") this.#end({ outcome: this.#outcome() });
          else if (refusal !== undefined)
            this.#end({ outcome: "Failed", ...refusal, remedy: "Set spec.selector of the Service, then run it again" });
          else this.#begin();
        },
      },
    );
  }

  start(): void {
    const { deadline } = this.#tools;
    if (deadline.aborted) this.#giveUp();
    else deadline.addEventListener("abort", this.#giveUp, { once: true });
    this.#reconciler.look(this.#key);
  }

  #begin(): void {
    if (!this.#hasBegun) this.#events.began();
    this.#hasBegun = true;
  }

  #outcome(): "Released" | "Untouched" | "Absent" {
    if (this.#hasBegun) return "Released";
    return this.#service === "absent" ? "Absent" : "Untouched";
  }

  #end(release: ServiceRelease): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#reconciler.close();
    this.#tools.deadline.removeEventListener("abort", this.#giveUp);
    this.#events.ended(release);
  }

  /** Keeps in mind what was refused, and ends with what nobody gets by trying again. */
  #refused(refusal: { readonly reason: string; readonly message: string; readonly retryable: boolean }): void {
    const { reason, message, retryable } = refusal;
    this.#trouble = { reason, message, remedy: remedyOf(reason) };
    if (!retryable) this.#end({ outcome: "Failed", ...this.#trouble });
  }

  #watched(writer: ClusterWriter): ClusterWriter {
    return {
      write: async (namespace, change) => {
        const outcome = await writer.write(namespace, change);
        if (outcome.became === "failed") this.#refused(outcome);
        return outcome;
      },
    };
  }

  async #view(): Promise<TakeoverView> {
    try {
      return await this.#tools.turnstile.pass(() => this.#read());
    } catch (error) {
      if (error instanceof KubeError) this.#refused(error);
      else this.#refused({ reason: "Unreadable", message: String(error), retryable: false });
      throw error;
    }
  }

  async #read(): Promise<TakeoverView> {
    const { client, clock, drainMs } = this.#tools;
    const traces = await readTraces(client, this.#key);
    const returned = await this.#hasReturned(traces);
    this.#service = traces.service === undefined ? "absent" : "there";
    this.#trouble = undefined;
    const now = clock.now();
    const releasedAt = Date.parse(traces.origin?.metadata.annotations[RELEASED_ANNOTATION] ?? "");
    return {
      ...traces,
      policy: undefined,
      // As they are: until Kubernetes' own slices are back they are all there is.
      gateways: gatewaysIn(traces.gatewaySlices),
      listenPorts: traces.service === undefined ? new Map() : listenPortsIn(traces.service, traces.gatewaySlices),
      switched: false,
      returned,
      now,
      timestamp: new Date(now).toISOString(),
      originCreatedAt: undefined,
      releasedAt: Number.isNaN(releasedAt) ? undefined : releasedAt,
      drainMs,
    };
  }

  async #hasReturned({ service, gatewaySlices }: ServiceTraces): Promise<boolean> {
    const isReady = readyEndpoints(gatewaySlices) > 0;
    if (service === undefined || isHeld(service.spec.selector) || !isReady) return true;
    const { client, clock } = this.#tools;
    this.#returningSince ??= clock.now();
    if (clock.now() - this.#returningSince > LONGEST_RETURN_MS) return true;
    return await hasOwnEndpoints(client, this.#key);
  }
}
