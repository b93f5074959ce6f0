/**
 * Volumes that can be attached to one node at a time: they follow their pods only when they have been detached.
 * https://kubernetes.io/docs/concepts/cluster-administration/node-shutdown/#storage-force-detach-on-timeout
 * @module
 */
import type { LiveCluster, LivePod } from "./live-cluster.ts";

/** So long after the last pod that used it is gone a volume is taken from a node that is not ready, or is not there. */
const FORCE_DETACH_MS = 360_000;

const OUT_OF_SERVICE = "node.kubernetes.io/out-of-service";

interface WaitingPod {
  readonly pod: LivePod;
  readonly node: string;
  readonly attached: () => void;
}

/** Where each volume is attached. */
export class VolumeAttachments {
  readonly #cluster: LiveCluster;
  readonly #node = new Map<string, string>();
  readonly #waiting = new Map<string, WaitingPod[]>();
  readonly #detaching = new Set<string>();

  constructor(cluster: LiveCluster) {
    this.#cluster = cluster;
    for (const pod of cluster.pods)
      if (pod.node !== undefined) for (const volume of pod.seed.exclusiveVolumes) this.#node.set(volume, pod.node);
  }

  /** Calls back when all volumes of a pod are attached to its node; that can be never. */
  attach(pod: LivePod, attached: () => void): void {
    const { node } = pod;
    if (node === undefined) return;
    const elsewhere = pod.seed.exclusiveVolumes.filter((volume) => (this.#node.get(volume) ?? node) !== node);
    for (const volume of pod.seed.exclusiveVolumes) if (!elsewhere.includes(volume)) this.#node.set(volume, node);
    let missing = elsewhere.length;
    if (missing === 0) attached();
    for (const volume of elsewhere) {
      this.#cluster.log.add("volume waits for detach", this.#cluster.now, volume);
      const one = {
        pod,
        node,
        attached: () => {
          missing -= 1;
          if (missing === 0) attached();
        },
      };
      this.#waiting.set(volume, [...(this.#waiting.get(volume) ?? []), one]);
      this.#detachUnused(volume);
    }
  }

  /** The object of a pod is gone: its volumes can go from its node, sooner or later. */
  podGone({ seed }: LivePod): void {
    for (const volume of seed.exclusiveVolumes) this.#detachUnused(volume);
  }

  /** Whether a pod has a node, but a volume of it is attached to another. */
  isWaiting(pod: LivePod): boolean {
    return pod.seed.exclusiveVolumes.some((volume) => (this.#waiting.get(volume) ?? []).some((one) => one.pod === pod));
  }

  #detachUnused(volume: string): void {
    const node = this.#node.get(volume);
    if (node === undefined || this.#detaching.has(volume) || this.#isUsed(volume, node)) return;
    this.#detaching.add(volume);
    this.#cluster.queue.at(this.#cluster.now + this.#detachMs(node), () => {
      this.#detaching.delete(volume);
      // Used again meanwhile: it stays.
      if (this.#isUsed(volume, node)) return;
      this.#node.delete(volume);
      const [next, ...others] = (this.#waiting.get(volume) ?? []).filter(({ pod }) => !pod.isGone);
      this.#waiting.set(volume, others);
      if (next === undefined) return;
      this.#cluster.log.add("volume detached", this.#cluster.now, volume);
      this.#node.set(volume, next.node);
      next.attached();
    });
  }

  #isUsed(volume: string, node: string): boolean {
    return this.#cluster.podsOf(node).some(({ seed }) => seed.exclusiveVolumes.includes(volume));
  }

  /** A kubelet that works unmounts at once; nobody else can. */
  #detachMs(name: string): number {
    const node = this.#cluster.nodes.get(name);
    if (node === undefined) return FORCE_DETACH_MS;
    if (node.isAlive || node.node.spec.taints.some(({ key }) => key === OUT_OF_SERVICE)) return 0;
    return FORCE_DETACH_MS;
  }
}
