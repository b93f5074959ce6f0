import type { SwitchRecord } from "../model/catalog.ts";
import type { Switch } from "../model/kinds/index.ts";
import type { ServiceKey } from "../model/service-key.ts";
import type { Clock } from "../ports/clock.ts";
import { createdAt, type ObjectStore } from "../ports/object-store.ts";
import type { PeerKnowledge } from "./peer-knowledge.ts";

/** What following the manifests needs. */
export interface SwitchManifestSources {
  readonly store: ObjectStore;
  readonly knowledge: PeerKnowledge;
  readonly clock: Clock;
  /** The gateway that reads the manifests, and its site. */
  readonly own: { readonly site: string; readonly gateway: string };
}

/** Makes orders of this site's Switch manifests, which are then carried to all sites as those of `tandem switch` are. */
export class SwitchManifests {
  readonly #sources: SwitchManifestSources;
  /** By Service what its manifest was seen to say: that it is gone, or says something else now, is certain of these alone. */
  readonly #seen = new Map<ServiceKey, string>();
  /** Services whose manifest may be in a file that cannot be read now. */
  readonly #unclear = new Set<ServiceKey>();
  readonly #ordered: (record: SwitchRecord) => void;

  /** @param ordered told of each order that counts from now on */
  constructor(sources: SwitchManifestSources, ordered: (record: SwitchRecord) => void) {
    this.#sources = sources;
    this.#ordered = ordered;
  }

  /** Looks at all services: manifests may have come and gone while nobody looked. */
  readAll(): void {
    const { knowledge, store } = this.#sources;
    this.read(new Set([...store.targetedServices(), ...knowledge.switches().map(({ service }) => service)]));
  }

  /** Looks at some services. */
  read(services: Iterable<ServiceKey>): void {
    const { clock, knowledge, own, store } = this.#sources;
    for (const service of new Set([...services, ...this.#unclear])) {
      const manifests = store.switchesOf(service);
      const known = knowledge.latestSwitch(service);
      const of = { ...own, service, now: clock.now() };
      const record = manifests.length > 0 ? this.#orderOf(manifests, known, of) : this.#endOf(known, of);
      if (record !== undefined && knowledge.takeSwitch(record)) this.#ordered(record);
    }
  }

  /** A manifest that says something else than before is an order of now, whatever time stands in it. */
  #orderOf(manifests: readonly Switch[], known: SwitchRecord | undefined, of: OrderContext): SwitchRecord | undefined {
    const text = JSON.stringify(manifests.map(({ metadata, spec }) => [metadata.name, spec]));
    const before = this.#seen.get(of.service);
    this.#seen.set(of.service, text);
    const order = orderOf(manifests, undefined, of);
    if (order !== undefined && before !== undefined && before !== text)
      return { ...order, at: Math.max(of.now, (known?.at ?? 0) + 1) };
    return orderOf(manifests, known, of);
  }

  /**
   * A sibling has files of its own, which may not have this manifest yet, or never. So an order is ended by a gateway
   * that has seen its manifest since it started; or that had read it before, if all its files can be read now.
   */
  #endOf(known: SwitchRecord | undefined, of: OrderContext): SwitchRecord | undefined {
    if (known?.manifest === undefined || known.origin !== of.site || known.over) return undefined;
    this.#unclear.delete(of.service);
    if (!this.#seen.delete(of.service)) {
      if (known.gateway !== of.gateway) return undefined;
      if (this.#sources.store.problems().length > 0) {
        this.#unclear.add(of.service);
        return undefined;
      }
    }
    return { ...known, at: Math.max(of.now, known.at + 1), over: true };
  }
}

/** Whose manifests are read, and when. */
export interface OrderContext {
  readonly service: ServiceKey;
  readonly site: string;
  readonly gateway: string;
  /** Unix milliseconds. */
  readonly now: number;
}

/**
 * What a site's manifests order of one Service beyond what is known; undefined when that is nothing. Of several the one
 * written last counts. An order given elsewhere since a manifest was written stays.
 * @param known the latest order known of that Service, one that is over included
 */
export function orderOf(
  manifests: readonly Switch[],
  known: SwitchRecord | undefined,
  of: OrderContext,
): SwitchRecord | undefined {
  const [latest] = manifests.toSorted((left, right) => writtenAt(right, of.now) - writtenAt(left, of.now));
  if (latest === undefined) return undefined;
  const at = writtenAt(latest, of.now);
  if (known !== undefined && known.at >= at) return undefined;
  const { metadata, spec } = latest;
  return {
    service: of.service,
    to: spec.to,
    reason: spec.reason,
    ...(spec.until === undefined ? {} : { until: Date.parse(spec.until) }),
    at,
    origin: of.site,
    over: false,
    manifest: `${metadata.namespace}/${metadata.name}`,
    gateway: of.gateway,
  };
}

/** A clock that was ahead when a manifest was written does not make it newer than what is ordered now. */
function writtenAt(manifest: Switch, now: number): number {
  return Math.min(now, createdAt(manifest));
}
