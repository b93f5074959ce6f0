import { z } from "zod";
import type { LeaseRecord, LeaseStore } from "../../ports/lease-store.ts";
import type { KubeClient } from "./kube-client.ts";
import { KubeError } from "./kube-error.ts";
import { KUBE_RESOURCES, pathOf } from "./kube-resource.ts";

/** A request that takes longer is of no use to a leader, in milliseconds. */
const TIMEOUT_MS = 1_500;

const Lease = z.looseObject({
  metadata: z.looseObject({ resourceVersion: z.string() }),
  spec: z.looseObject({
    holderIdentity: z.string().nullish(),
    leaseDurationSeconds: z.number().nullish(),
    renewTime: z.string().nullish(),
    acquireTime: z.string().nullish(),
    leaseTransitions: z.number().nullish(),
  }),
});

/** A coordination.k8s.io/v1 Lease. */
export class KubeLease implements LeaseStore {
  readonly #client: KubeClient;
  readonly #place: { readonly namespace: string; readonly name: string };
  readonly #now: () => number;

  /** @param now Unix milliseconds, for people who look at the Lease: nothing is decided by it */
  constructor(client: KubeClient, place: { readonly namespace: string; readonly name: string }, now: () => number) {
    this.#client = client;
    this.#place = place;
    this.#now = now;
  }

  async read(): Promise<LeaseRecord | undefined> {
    try {
      const path = pathOf(KUBE_RESOURCES.leases, this.#place);
      return recordOf(await this.#client.request({ method: "GET", path, timeoutMs: TIMEOUT_MS }));
    } catch (error) {
      if (error instanceof KubeError && error.status === 404) return undefined;
      throw error;
    }
  }

  async write(
    lease: Omit<LeaseRecord, "version" | "renewed">,
    before: LeaseRecord | undefined,
  ): Promise<LeaseRecord | undefined> {
    const { namespace, name } = this.#place;
    // MicroTime: six digits of fractions are what the API takes.
    const now = new Date(this.#now()).toISOString().replace("Z", "000Z");
    const isMine = before?.holder === lease.holder;
    const body = {
      apiVersion: "coordination.k8s.io/v1",
      kind: "Lease",
      metadata: { name, namespace, ...(before === undefined ? {} : { resourceVersion: before.version }) },
      spec: {
        holderIdentity: lease.holder,
        leaseDurationSeconds: Math.ceil(lease.durationMs / 1_000),
        renewTime: now,
        ...(isMine ? {} : { acquireTime: now }),
        leaseTransitions: lease.transitions,
      },
    };
    const timeoutMs = TIMEOUT_MS;
    try {
      const answer =
        before === undefined
          ? await this.#client.request({
              method: "POST",
              path: pathOf(KUBE_RESOURCES.leases, { namespace }),
              body,
              timeoutMs,
            })
          : await this.#client.request({
              method: "PATCH",
              path: pathOf(KUBE_RESOURCES.leases, this.#place),
              body,
              bodyType: "application/merge-patch+json",
              timeoutMs,
            });
      return recordOf(answer);
    } catch (error) {
      const isGone = error instanceof KubeError && error.status === 404 && before !== undefined;
      if (isGone || (error instanceof KubeError && error.status === 409)) return undefined;
      throw error;
    }
  }
}

function recordOf(value: unknown): LeaseRecord {
  const { metadata, spec } = Lease.parse(value);
  return {
    holder: spec.holderIdentity ?? "",
    durationMs: (spec.leaseDurationSeconds ?? 0) * 1_000,
    renewed: `${spec.renewTime ?? ""} ${metadata.resourceVersion}`,
    transitions: spec.leaseTransitions ?? 0,
    version: metadata.resourceVersion,
  };
}
