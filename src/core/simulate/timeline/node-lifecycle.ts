/**
 * The node lifecycle controller of 1.36 with its default settings: nodes that say nothing become not ready, their pods leave
 * the endpoints, and taints are put on them, as fast as its client and the state of their zone let it.
 * https://kubernetes.io/docs/concepts/architecture/nodes/#node-controller
 * @module
 */
import type { Taint } from "../../../model/snapshot/node.ts";
import type { SeededChance } from "../seeded-chance.ts";
import type { LiveCluster, LiveNode } from "./live-cluster.ts";
import { CONTROLLER_LIMIT, RequestLimit } from "./request-limit.ts";
import { EXCLUDED_FROM_DISRUPTION, taintRateOf, zoneKeyOf, zoneStateOf, type ZoneState } from "./zone-state.ts";
import { ZoneTainter } from "./zone-tainter.ts";

/**
 * How long a node may say nothing. The loss comes right after a heartbeat that was seen at once, and passes over the nodes
 * come at multiples of their period, so that nodes are found at 55 s; in a cluster it is any moment from 40 s to 60 s.
 */
const GRACE_MS = 50_000;

/** From the end of one pass over all nodes to the next one. */
const PASS_PERIOD_MS = 5_000;

/** So many nodes are looked at side by side. */
const NODES_AT_ONCE = 8;

/** Requests that a change of a node's taints takes: it is read first. */
const REQUESTS_OF_TAINT = 2;

const UNREACHABLE = "node.kubernetes.io/unreachable";

/** What it is given. */
export interface NodeLifecycleOptions {
  readonly chance: SeededChance;
  /** Also put on nodes as they are found not ready: by whoever knows that they are off. */
  readonly outOfService: boolean;
  /** A node has a NoExecute taint, or has none any more. */
  readonly onNoExecute: (node: string, taint: Taint | undefined) => void;
}

/** Watches all nodes of a cluster from the loss on. */
export class NodeLifecycle {
  readonly #cluster: LiveCluster;
  readonly #options: NodeLifecycleOptions;
  readonly #limit = new RequestLimit(CONTROLLER_LIMIT);
  readonly #zones = new Map<string, ZoneState>();
  /** Nodes that were found to be lost. */
  readonly #found = new Set<string>();
  readonly #tainters = new Map<string, ZoneTainter>();

  constructor(cluster: LiveCluster, options: NodeLifecycleOptions) {
    this.#cluster = cluster;
    this.#options = options;
    // Passes before the loss: zones are in the state that they are in, and no node is new.
    for (const [zone, nodes] of this.#nodesByZone()) this.#enterZone(zone, nodes);
    cluster.queue.at(PASS_PERIOD_MS, () => this.#pass());
  }

  #pass(): void {
    this.#queueUntainted();
    const found = [...this.#cluster.nodes.values()].filter((node) => !node.isAlive && node.isReady);
    if (this.#cluster.now <= GRACE_MS || found.length === 0) {
      this.#endPass();
      return;
    }
    const waiting = [...this.#options.chance.shuffle(found.toSorted(byName))];
    let working = Math.min(NODES_AT_ONCE, waiting.length);
    const work = (): void => {
      const node = waiting.shift();
      if (node !== undefined) this.#markNotReady(node, work);
      else if (--working === 0) this.#endPass();
    };
    for (let worker = working; worker > 0; worker -= 1) work();
  }

  /** Every pass asks anew for nodes that it knows to be lost: the taint may have been taken back. */
  #queueUntainted(): void {
    for (const name of this.#found) {
      const node = this.#cluster.nodes.get(name);
      const isTainted = node?.node.spec.taints.some(({ key, effect }) => key === UNREACHABLE && effect === "NoExecute");
      if (node !== undefined && isTainted === false) this.#tainterOf(node).add(name);
    }
  }

  /** One write for the node, then one for each of its pods, one after the other. */
  #markNotReady(node: LiveNode, done: () => void): void {
    this.#write(1, () => {
      if (!this.#cluster.nodes.has(node.name)) {
        done();
        return;
      }
      this.#cluster.changeNode(node.name, { isReady: false });
      this.#found.add(node.name);
      this.#cluster.log.add("node not ready", this.#cluster.now, node.name);
      this.#taintNoSchedule(node.name);
      if (this.#options.outOfService) this.#taintOutOfService(node.name);
      this.#tainterOf(node).add(node.name);
      const ready = this.#cluster.podsOf(node.name).filter(({ isReady }) => isReady);
      const next = (): void => {
        const pod = ready.shift();
        if (pod === undefined) {
          done();
          return;
        }
        this.#write(1, () => {
          if (!pod.isGone && !pod.isTerminating)
            this.#cluster.log.add("pod out of the endpoints", this.#cluster.now, pod.key);
          this.#cluster.markNotReady(pod);
          next();
        });
      };
      next();
    });
  }

  /** Another pass, without a limit but that of the client. */
  #taintNoSchedule(name: string): void {
    this.#write(REQUESTS_OF_TAINT, () => {
      this.#addTaint(name, { key: UNREACHABLE, value: "", effect: "NoSchedule" });
      this.#cluster.log.add("NoSchedule taint", this.#cluster.now, name);
    });
  }

  #taintOutOfService(name: string): void {
    const taint = { key: "node.kubernetes.io/out-of-service", value: "nodeshutdown", effect: "NoExecute" };
    this.#addTaint(name, taint);
    this.#cluster.log.add("out-of-service taint", this.#cluster.now, name);
    this.#options.onNoExecute(name, taint);
  }

  #taintNoExecute(name: string): void {
    this.#write(REQUESTS_OF_TAINT, () => {
      const node = this.#cluster.nodes.get(name);
      // It may have been taken back meanwhile: all zones are disrupted.
      if (node === undefined || !this.#tainterOf(node).has(name)) return;
      const taint = { key: UNREACHABLE, value: "", effect: "NoExecute" };
      this.#addTaint(name, taint);
      this.#cluster.log.add("NoExecute taint", this.#cluster.now, name);
      this.#options.onNoExecute(name, taint);
    });
  }

  #endPass(): void {
    this.#judgeZones();
    this.#cluster.queue.at(this.#cluster.now + PASS_PERIOD_MS, () => this.#pass());
  }

  /** At the end of a pass: after all writes for the nodes and pods that it found. */
  #judgeZones(): void {
    const byZone = this.#nodesByZone();
    const states = new Map([...byZone].map(([zone, nodes]) => [zone, stateOf(nodes)] as const));
    const isAllFull = (zones: ReadonlyMap<string, ZoneState>): boolean =>
      [...zones.values()].every((state) => state === "full");
    const [wasAllFull, areAllFull] = [isAllFull(this.#zones), isAllFull(states)];
    for (const zone of this.#zones.keys()) if (!byZone.has(zone)) this.#zones.delete(zone);
    if (wasAllFull && areAllFull) return;
    if (areAllFull) {
      this.#stopEverywhere(byZone);
      return;
    }
    for (const [zone, nodes] of byZone) {
      const state = states.get(zone) ?? "normal";
      if (this.#zones.get(zone) !== state || wasAllFull) this.#enterZone(zone, nodes);
    }
  }

  #enterZone(zone: string, nodes: readonly LiveNode[]): void {
    const state = stateOf(nodes);
    this.#zones.set(zone, state);
    const rate = taintRateOf(state, nodes.length);
    this.#tainter(zone).setRate(rate);
    if (state !== "partial") return;
    this.#cluster.log.add(
      rate === 0 ? "evictions of zone stopped" : "evictions of zone slowed",
      this.#cluster.now,
      zone === "" ? "nodes without a zone" : zone.replace(/^\/|\/$/, ""),
    );
  }

  /** Whoever says that no node at all is ready may well be the one who is cut off. */
  #stopEverywhere(byZone: ReadonlyMap<string, readonly LiveNode[]>): void {
    this.#cluster.log.add("evictions of all zones stopped", this.#cluster.now, "no node is ready");
    for (const [zone, nodes] of byZone) {
      this.#zones.set(zone, "full");
      this.#tainter(zone).setRate(0);
      for (const node of nodes) this.#takeTaintBack(node);
    }
  }

  #takeTaintBack({ name, node }: LiveNode): void {
    this.#tainter(zoneKeyOf(node.metadata.labels)).remove(name);
    const taints = node.spec.taints.filter(({ key, effect }) => key !== UNREACHABLE || effect !== "NoExecute");
    if (taints.length === node.spec.taints.length) return;
    this.#cluster.changeNode(name, { taints });
    this.#cluster.log.add("NoExecute taint removed", this.#cluster.now, name);
    this.#options.onNoExecute(name, undefined);
  }

  #addTaint(name: string, taint: Taint): void {
    const node = this.#cluster.nodes.get(name);
    if (node !== undefined) this.#cluster.changeNode(name, { taints: [...node.node.spec.taints, taint] });
  }

  #write(requests: number, action: () => void): void {
    this.#cluster.queue.at(this.#limit.take(this.#cluster.now, requests), action);
  }

  #tainterOf({ node }: LiveNode): ZoneTainter {
    return this.#tainter(zoneKeyOf(node.metadata.labels));
  }

  #tainter(zone: string): ZoneTainter {
    const present = this.#tainters.get(zone);
    if (present !== undefined) return present;
    const tainter = new ZoneTainter(this.#cluster.queue, (name) => this.#taintNoExecute(name));
    this.#tainters.set(zone, tainter);
    return tainter;
  }

  #nodesByZone(): Map<string, LiveNode[]> {
    const counted = [...this.#cluster.nodes.values()].filter(
      ({ node }) => node.metadata.labels[EXCLUDED_FROM_DISRUPTION] === undefined,
    );
    return Map.groupBy(counted, ({ node }) => zoneKeyOf(node.metadata.labels));
  }
}

function stateOf(nodes: readonly LiveNode[]): ZoneState {
  const ready = nodes.filter(({ isReady }) => isReady).length;
  return zoneStateOf({ ready, notReady: nodes.length - ready });
}

function byName(one: LiveNode, other: LiveNode): number {
  return one.name < other.name ? -1 : 1;
}
