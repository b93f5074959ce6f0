/**
 * Behaves towards an API server and an extender as kube-scheduler does, and decides as the model does: so that the comparison
 * can be tried where there is no kube-scheduler.
 * @module
 */
import type { KubeClient } from "../../../src/adapters/kube/kube-client.ts";
import { pathOf } from "../../../src/adapters/kube/kube-resource.ts";
import { outcomeOf } from "../../../src/adapters/kube/write-outcome.ts";
import type { SimulatedCluster } from "../../kube/simulated-cluster.ts";
import { predict } from "../predict.ts";
import type { Answer, Manifest } from "../scheduler-case.ts";
import { FILTER_VERB } from "./scheduler-config.ts";
import { OWN_RESOURCES, PODS } from "./own-objects.ts";
import { failureOf, nodeOf } from "./pod-state.ts";

/** What it works with. */
export interface StandInParts {
  readonly cluster: SimulatedCluster;
  readonly client: KubeClient;
  /** `ADDRESS:PORT` of an extender. */
  readonly extender?: string;
  /** What it makes of each object before it decides; absent: nothing. */
  readonly see?: (object: Manifest) => Manifest;
}

/** Decides about one pod after the other, until it is closed. */
export class StandInScheduler {
  readonly #parts: StandInParts;
  #isClosed = false;

  constructor(parts: StandInParts) {
    this.#parts = parts;
  }

  /** Starts. Rejects when something goes wrong. */
  async run(): Promise<void> {
    while (!this.#isClosed) {
      const pod = await this.#parts.cluster.until((now) =>
        this.#isClosed ? "closed" : (now.list("/pods") as unknown as readonly Manifest[]).find(isNew),
      );
      if (pod !== "closed") await this.#decide(pod).catch(passOver);
    }
  }

  /** Ends with the next change of an object. */
  close(): void {
    this.#isClosed = true;
  }

  async #decide(pod: Manifest): Promise<void> {
    const { cluster, see = (object: Manifest) => object } = this.#parts;
    const all = [
      ...cluster.list("/namespaces"),
      ...Object.values(OWN_RESOURCES).flatMap(({ group, plural }) => cluster.list(`${group}/${plural}`)),
    ] as unknown as readonly Manifest[];
    const objects = all.filter((object) => object.kind !== "Pod" || nodeOf(object) !== undefined).map(see);
    const [answer] = predict({ mode: "preempt", seed: 0, objects, pending: [pod] });
    if (answer === undefined) return;
    const { given, kept } = await this.#askExtender(pod, answer.feasible);
    const node = answer.best.find((one) => given.includes(one)) ?? given[0];
    if (node === undefined) await this.#fail(pod, answer, kept);
    else await this.#bind(pod, node);
  }

  /** The nodes that it gives, and why it keeps the others. */
  async #askExtender(pod: Manifest, nodes: readonly string[]): Promise<ExtendersWord> {
    const { extender } = this.#parts;
    if (extender === undefined || nodes.length === 0) return { given: nodes, kept: [] };
    const response = await fetch(`http://${extender}/${FILTER_VERB}`, {
      method: "POST",
      body: JSON.stringify({ Pod: pod, Nodes: null, NodeNames: nodes }),
    });
    const { NodeNames, FailedAndUnresolvableNodes } = (await response.json()) as {
      readonly NodeNames: readonly string[];
      readonly FailedAndUnresolvableNodes: Readonly<Record<string, string>>;
    };
    return { given: NodeNames, kept: Object.values(FailedAndUnresolvableNodes) };
  }

  async #bind({ metadata }: Manifest, node: string): Promise<void> {
    const { namespace, name } = metadata;
    const path = pathOf(PODS, { namespace, name, subresource: "binding" });
    await this.#parts.client.request({
      method: "POST",
      path,
      body: { apiVersion: "v1", kind: "Binding", metadata: { name }, target: { kind: "Node", name: node } },
    });
  }

  async #fail(pod: Manifest, answer: Answer, kept: readonly string[]): Promise<void> {
    const { client, cluster } = this.#parts;
    const preemption = answer.preemptions?.[0];
    const condition = {
      type: "PodScheduled",
      status: "False",
      reason: "Unschedulable",
      message: messageOf(answer, kept, cluster.list("/nodes").length),
    };
    const { namespace, name } = pod.metadata;
    await client.request({
      method: "PATCH",
      path: pathOf(PODS, { namespace, name, subresource: "status" }),
      body: { status: { conditions: [condition], nominatedNodeName: preemption?.node ?? null } },
      bodyType: "application/merge-patch+json",
    });
    for (const victim of preemption?.victims ?? []) {
      const [of = "", victimName = ""] = victim.split("/");
      await client.request({ method: "DELETE", path: pathOf(PODS, { namespace: of, name: victimName }) });
    }
  }
}

/** A pod that went meanwhile is nobody's concern. */
function passOver(error: unknown): void {
  if (outcomeOf(error).became !== "outdated") throw error;
}

interface ExtendersWord {
  readonly given: readonly string[];
  /** A reason for each of the others. */
  readonly kept: readonly string[];
}

function isNew(pod: Manifest): boolean {
  return nodeOf(pod) === undefined && failureOf(pod) === undefined && pod.metadata.deletionTimestamp === undefined;
}

function messageOf({ reasons, refusal }: Answer, kept: readonly string[], nodes: number): string {
  if (nodes === 0) return "no nodes available to schedule pods";
  const counts = new Map(Object.entries(reasons));
  for (const reason of kept) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  const sentence =
    refusal ??
    [...counts]
      .map(([reason, count]) => `${count} ${reason}`)
      .toSorted()
      .join(", ");
  return `0/${nodes} nodes are available: ${sentence}. preemption: 0/${nodes} nodes are available: ${nodes} nothing more.`;
}
