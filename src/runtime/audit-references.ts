import type { FailoverPolicy, Switch } from "../model/kinds/index.ts";
import { formatDuration } from "../model/duration.ts";
import type { Problem } from "../model/problem.ts";
import { type ServiceKey, serviceKey } from "../model/service-key.ts";
import { nearestWord } from "../model/suggestion.ts";
import { createdAt, type ObjectSet } from "../ports/object-store.ts";

/** A manifest dated further ahead than this was not written now. In milliseconds. */
const FURTHEST_AHEAD_MS = 5 * 60_000;

/**
 * What policies and switches refer to that is not there, and orders of times that cannot be meant. Files come in any
 * order: these come and go, and refuse nothing.
 * @param now Unix milliseconds
 */
export function auditReferences(objects: ObjectSet, now: number): readonly Problem[] {
  return [
    ...objects.policies().flatMap((policy) => auditPolicy(objects, policy)),
    ...objects
      .switches()
      .flatMap((manifest) => [...auditTarget(objects, manifest), ...auditTimes(objects, manifest, now)]),
  ];
}

function auditPolicy(objects: ObjectSet, policy: FailoverPolicy): readonly Problem[] {
  return policy.spec.targetRefs.flatMap(({ name }, index) => {
    const key = serviceKey(policy.metadata.namespace, name);
    if (objects.service(key) !== undefined) return [];
    return [{ ...objects.placeOf(policy), field: `spec.targetRefs[${index}].name`, ...noService(objects, key) }];
  });
}

function auditTarget(objects: ObjectSet, manifest: Switch): readonly Problem[] {
  const { targetRef, to } = manifest.spec;
  const place = objects.placeOf(manifest);
  const key = serviceKey(manifest.metadata.namespace, targetRef.name);
  if (objects.service(key) === undefined)
    return [{ ...place, field: "spec.targetRef.name", ...noService(objects, key) }];
  const policy = objects.policyOf(key);
  if (policy === undefined)
    return [
      {
        ...place,
        field: "spec.targetRef.name",
        message: `no FailoverPolicy targets Service ${key}, so this switches nothing`,
        remedy: "Add a FailoverPolicy for the Service, or correct the name",
      },
    ];
  const sites = policy.spec.sites.map(({ name }) => name);
  if (sites.includes(to)) return [];
  const near = nearestWord(to, sites);
  return [
    {
      ...place,
      field: "spec.to",
      message: `FailoverPolicy ${policy.metadata.namespace}/${policy.metadata.name} does not list the site ${to}`,
      remedy: near === undefined ? `Write one of ${sites.join(", ")}` : `Did you mean ${near}?`,
    },
  ];
}

function auditTimes(objects: ObjectSet, manifest: Switch, now: number): readonly Problem[] {
  const place = objects.placeOf(manifest);
  const { until } = manifest.spec;
  const found: Problem[] = [];
  if (until !== undefined && Date.parse(until) <= now)
    found.push({
      ...place,
      field: "spec.until",
      message: `${until} is past, so this switches nothing`,
      remedy: "Remove the manifest, or write a later time",
    });
  const created = createdAt(manifest);
  if (Number.isFinite(created) && created > now + FURTHEST_AHEAD_MS)
    found.push({
      ...place,
      field: "metadata.creationTimestamp",
      message: `${new Date(created).toISOString()} lies more than ${formatDuration(FURTHEST_AHEAD_MS)} ahead of the clock here`,
      remedy: "Write when it is ordered, or leave it out: then the time of the file counts",
    });
  return found;
}

function noService(objects: ObjectSet, key: ServiceKey): Pick<Problem, "message" | "remedy"> {
  const [namespace, name = ""] = key.split("/");
  const others = objects.services().filter(({ metadata }) => metadata.namespace === namespace);
  const near = nearestWord(
    name,
    others.map(({ metadata }) => metadata.name),
  );
  return {
    message: `there is no Service ${key}`,
    remedy: near === undefined ? "Add the Service, or correct the name or namespace" : `Did you mean ${near}?`,
  };
}
