import { orderedBy, type SwitchRecord } from "../model/catalog.ts";
import type { Switch } from "../model/kinds/index.ts";
import type { Problem } from "../model/problem.ts";
import { serviceKey } from "../model/service-key.ts";
import { createdAt, type ObjectSet } from "../ports/object-store.ts";
import type { PeerKnowledge } from "./peer-knowledge.ts";

/**
 * Switch manifests of this site that a newer order has taken the place of, with the order that counts.
 * @param at this site, and now in Unix milliseconds
 */
export function auditOrders(
  objects: ObjectSet,
  knowledge: Pick<PeerKnowledge, "latestSwitch">,
  at: { readonly site: string; readonly now: number },
): readonly Problem[] {
  return objects.switches().flatMap((manifest) => {
    const { metadata, spec } = manifest;
    const latest = knowledge.latestSwitch(serviceKey(metadata.namespace, spec.targetRef.name));
    if (latest === undefined || !isOverridden(manifest, latest, at)) return [];
    return [
      {
        ...objects.placeOf(manifest),
        message: `Switch ${metadata.namespace}/${metadata.name} no longer counts: ${describe(latest)}`,
        remedy: "Remove it; to order it again, save it anew, with a later creationTimestamp if it has one",
      },
    ];
  });
}

function isOverridden(
  manifest: Switch,
  latest: SwitchRecord,
  { site, now }: { readonly site: string; readonly now: number },
): boolean {
  const { metadata, spec } = manifest;
  // Over by itself: that is another problem.
  if (spec.until !== undefined && Date.parse(spec.until) <= now) return false;
  const isOwn = latest.origin === site && latest.manifest === `${metadata.namespace}/${metadata.name}`;
  if (isOwn && !latest.over) return false;
  return latest.at >= Math.min(now, createdAt(manifest));
}

function describe(latest: SwitchRecord): string {
  const time = new Date(latest.at).toISOString();
  if (!latest.over) return `the newer order to ${latest.to} counts, given ${orderedBy(latest)}, ${time}`;
  const ended =
    latest.manifest === undefined ? orderedBy(latest) : `with manifest ${latest.manifest} of ${latest.origin}`;
  return `the switch of ${latest.service} was ended ${ended}, ${time}`;
}
