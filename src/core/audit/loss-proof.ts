/**
 * Findings proved by simulating what they warn of.
 * @module
 */
import type { ClusterSnapshot } from "../../model/snapshot/cluster-snapshot.ts";
import { type LossImpact, simulateLoss } from "../simulate/simulate-loss.ts";
import type { AuditView } from "./audit-view.ts";
import { zoneOf } from "./node-domains.ts";
import type { Draft } from "./rule.ts";
import type { Workload } from "./workload.ts";

/** Each domain is simulated once for all findings; more than these would make an audit of a large cluster slow. */
const MOST_SIMULATIONS = 40;

/** Proves findings, each domain once. */
export class LossProver {
  readonly #snapshot: ClusterSnapshot;
  readonly #nodes: AuditView["nodes"];
  readonly #impacts = new Map<string, LossImpact>();
  #skipped = 0;

  constructor({ snapshot, nodes }: AuditView) {
    this.#snapshot = snapshot;
    this.#nodes = nodes;
  }

  /** How many findings have no proof because there were too many domains. */
  get skipped(): number {
    return this.#skipped;
  }

  get simulations(): number {
    return this.#impacts.size;
  }

  /** The proof in words; undefined where the snapshot has no pods of the workload, no node of them, or nothing is lost. */
  prove({ workload, domain }: NonNullable<Draft["prove"]>): string | undefined {
    if (workload.pods.length === 0 || this.#nodes.size === 0) return undefined;
    const lost = this.#domainOf(workload, domain);
    if (lost === undefined) return undefined;
    const impact = this.#impactOf(lost);
    if (impact === undefined) {
      this.#skipped += 1;
      return undefined;
    }
    return inWords(workload, lost, impact);
  }

  /** The domain that holds most of the pods. */
  #domainOf({ pods }: Workload, domain: "node" | "zone"): LostDomain | undefined {
    const byDomain = Map.groupBy(pods, ({ spec }) => {
      const node = this.#nodes.get(spec.nodeName);
      return domain === "node" || node === undefined ? node?.metadata.name : zoneOf(node);
    });
    byDomain.delete(undefined);
    const [name] = [...byDomain].toSorted(([, one], [, other]) => other.length - one.length)[0] ?? [];
    if (name === undefined) return undefined;
    const members =
      domain === "node" ? [name] : [...this.#nodes].filter(([, node]) => zoneOf(node) === name).map(([of]) => of);
    return { text: `${domain} ${name}`, nodes: new Set(members) };
  }

  #impactOf({ text, nodes }: LostDomain): LossImpact | undefined {
    const known = this.#impacts.get(text);
    if (known !== undefined || this.#impacts.size >= MOST_SIMULATIONS) return known;
    const impact = simulateLoss(this.#snapshot, { nodes, form: "unreachable", seeds: 1 });
    this.#impacts.set(text, impact);
    return impact;
  }
}

interface LostDomain {
  readonly text: string;
  readonly nodes: ReadonlySet<string>;
}

function inWords(workload: Workload, { text, nodes }: LostDomain, { pending }: LossImpact): string {
  const own = new Set(workload.pods.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`));
  const survivors = workload.pods.filter(({ spec }) => !nodes.has(spec.nodeName)).length;
  const waiting = pending.filter(({ replaces }) => own.has(replaces));
  const reasons = Object.keys(waiting[0]?.reasons ?? {});
  const tail =
    waiting.length === 0
      ? ""
      : `; ${waiting.length} stay Pending${reasons.length === 0 ? "" : ` (${reasons.join(", ")})`}`;
  return `simulated: loss of ${text} leaves ${survivors} of ${workload.pods.length}${tail}`;
}
