import type { PolicyEvent, PolicyStatus } from "../../model/policy-status.ts";
import type { WriteOutcome } from "../../ports/cluster-writer.ts";
import type { ReadPolicy, StatusWriter } from "../../ports/status-writer.ts";
import type { KubeClient, KubeRequest } from "./kube-client.ts";
import { apiVersionOf, KUBE_RESOURCES, pathOf } from "./kube-resource.ts";
import { outcomeOf } from "./write-outcome.ts";

/** How long a write may take, in milliseconds. */
const WRITE_TIMEOUT_MS = 5_000;

/** Most characters of an Event's message that API servers take. */
const LONGEST_MESSAGE = 1_024;

/** Who writes, and when. */
export interface KubeStatusWriterHow {
  /** In `managedFields` and as the Events' source. */
  readonly name: string;
  /** The replica. */
  readonly instance: string;
  readonly now: () => number;
  /** Asked right before each request. */
  mayWrite(): boolean;
}

/** Statuses by the status subresource, Events as core/v1 ones. */
export class KubeStatusWriter implements StatusWriter {
  readonly #client: KubeClient;
  readonly #how: KubeStatusWriterHow;

  constructor(client: KubeClient, how: KubeStatusWriterHow) {
    this.#client = client;
    this.#how = how;
  }

  async writeStatus(policy: ReadPolicy, status: PolicyStatus): Promise<WriteOutcome> {
    const { namespace, name, resourceVersion } = policy;
    const path = pathOf(KUBE_RESOURCES.failoverPolicies, { namespace, name, subresource: "status" });
    return this.#write({
      method: "PATCH",
      path,
      query: { fieldManager: this.#how.name },
      // A merge patch keeps what it does not name: what is not there any more has to go by its name.
      body: { metadata: { resourceVersion }, status: { ...GONE_UNLESS_NAMED, ...status } },
      bodyType: "application/merge-patch+json",
    });
  }

  async tell(policy: ReadPolicy, { type, reason, message }: PolicyEvent, id: string): Promise<WriteOutcome> {
    const { namespace, name, uid, resourceVersion } = policy;
    const now = new Date(this.#how.now()).toISOString();
    const time = now.replace(/\.\d+Z$/, "Z");
    const { kind } = KUBE_RESOURCES.failoverPolicies;
    const outcome = await this.#write({
      method: "POST",
      path: pathOf(KUBE_RESOURCES.events, { namespace }),
      body: {
        apiVersion: "v1",
        kind: "Event",
        metadata: { namespace, name: `${name}.${id}` },
        involvedObject: {
          apiVersion: apiVersionOf(KUBE_RESOURCES.failoverPolicies),
          kind,
          namespace,
          name,
          uid,
          resourceVersion,
        },
        type,
        reason,
        message: message.slice(0, LONGEST_MESSAGE),
        action: reason,
        source: { component: this.#how.name },
        reportingComponent: `tandem.dev/${this.#how.name}`,
        reportingInstance: this.#how.instance,
        // MicroTime: six digits of fractions.
        eventTime: now.replace("Z", "000Z"),
        firstTimestamp: time,
        lastTimestamp: time,
        count: 1,
      },
    });
    // Told already.
    return outcome.became === "outdated" ? { became: "written" } : outcome;
  }

  async #write(request: KubeRequest): Promise<WriteOutcome> {
    if (!this.#how.mayWrite()) return { became: "outdated", message: "another replica leads" };
    try {
      await this.#client.request({ ...request, timeoutMs: WRITE_TIMEOUT_MS });
      return { became: "written" };
    } catch (error) {
      return outcomeOf(error);
    }
  }
}

const GONE_UNLESS_NAMED: Readonly<Record<Exclude<keyof PolicyStatus, "observedGeneration" | "conditions">, null>> = {
  servingSite: null,
  traffic: null,
  healthy: null,
  standby: null,
  check: null,
  sites: null,
  lastFailover: null,
};
