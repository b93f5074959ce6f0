import type { SwitchRecord } from "../model/catalog.ts";
import type { Switch } from "../model/kinds/index.ts";
import type { ServiceKey } from "../model/service-key.ts";
import type { Clock } from "../ports/clock.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import type { PeerKnowledge } from "./peer-knowledge.ts";

/** What following the manifests needs. */
export interface SwitchManifestSources {
  readonly store: ObjectStore;
  readonly knowledge: PeerKnowledge;
  readonly clock: Clock;
  /** The site whose manifests these are. */
  readonly site: string;
}

/** Makes orders of this site's Switch manifests, which are then carried to all sites as those of `tandem switch` are. */
export class SwitchManifests {
  readonly #sources: SwitchManifestSources;
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
    const { clock, knowledge, site, store } = this.#sources;
    for (const service of services) {
      const record = orderOf(store.switchesOf(service), knowledge.latestSwitch(service), {
        service,
        site,
        now: clock.now(),
      });
      if (record !== undefined && knowledge.takeSwitch(record)) this.#ordered(record);
    }
  }
}

/**
 * What a site's manifests order of one Service beyond what is known; undefined when that is nothing. Of several the one
 * written last counts. An order given elsewhere since a manifest was written stays; a manifest that is gone ends its own.
 * @param known the latest order known of that Service, one that is over included
 */
export function orderOf(
  manifests: readonly Switch[],
  known: SwitchRecord | undefined,
  of: { readonly service: ServiceKey; readonly site: string; readonly now: number },
): SwitchRecord | undefined {
  const [latest] = manifests.toSorted((left, right) => writtenAt(right, of.now) - writtenAt(left, of.now));
  if (latest === undefined) {
    const isOurs = known?.manifest !== undefined && known.origin === of.site && !known.over;
    return isOurs ? { ...known, at: Math.max(of.now, known.at + 1), over: true } : undefined;
  }
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
  };
}

/** A clock that was ahead when a manifest was written does not make it newer than what is ordered now. */
function writtenAt({ metadata }: Switch, now: number): number {
  return Math.min(now, Date.parse(metadata.creationTimestamp ?? "") || 0);
}
