/**
 * Checks of a cluster, by what its API server shows.
 * @module
 */
import type { Check, ClusterPicture, Fault, ServicePicture } from "../../model/doctor.ts";
import type { NetworkPolicy } from "../../model/network-policy.ts";
import { COMMON_CHECKS } from "./common-checks.ts";
import { blockingPolicies, type NetworkEnd } from "../network/network-policies.ts";

/** Clocks that differ by less do no harm, in milliseconds. */
const HARMLESS_SKEW_MS = 5_000;

/** A Lease is looked at between two renewals: it is late only after this share more of its time. */
const LATE = 1.5;

/** All checks of a cluster. */
export const CLUSTER_CHECKS: readonly Check<ClusterPicture>[] = [
  { name: "Permissions", find: permissions },
  { name: "Definitions", find: definitions },
  { name: "Clocks", find: clocks },
  { name: "Controller", find: controller },
  { name: "Policies", find: policies },
  { name: "Selectors", find: selectors },
  { name: "LeftBehind", find: leftBehind },
  { name: "NetworkPolicies", find: networkPolicies },
  { name: "Zones", find: zones },
  ...COMMON_CHECKS,
];

function permissions({ denied }: ClusterPicture): readonly Fault[] | undefined {
  return denied?.map(({ who, what, isTandem }) => ({
    level: isTandem ? "error" : "warning",
    subject: who,
    message: `may not ${what}`,
    remedy: isTandem
      ? "Bind a role with it to the account"
      : "Have somebody give you a role with it, or use a context with more rights",
  }));
}

function definitions({ definitions: all }: ClusterPicture): readonly Fault[] | undefined {
  return all?.flatMap(({ name, found, wanted }): Fault[] => {
    const subject = `Definition ${name}`;
    const fault = (level: Fault["level"], message: string): Fault[] => [
      { level, subject, message, remedy: "Install the definitions of the version that is to run" },
    ];
    if (found === undefined) return fault("error", "is not there: its objects are neither kept nor followed");
    if (!found.established) return fault("error", "is there, and the API server does not serve it");
    if (!found.served.includes(wanted))
      return fault("error", `serves ${found.served.join(", ")} and not ${wanted}, which this version reads`);
    return found.sameSchema ? [] : fault("warning", "is of another version of Tandem: its fields differ");
  });
}

function clocks({ serverAheadMs, lease }: ClusterPicture): readonly Fault[] | undefined {
  if (serverAheadMs === undefined) return undefined;
  const remedy = "Let both take their time from NTP: ends of switches and of certificates depend on it";
  const faults: Fault[] = [];
  if (Math.abs(serverAheadMs) > HARMLESS_SKEW_MS) {
    const message = `is ${seconds(serverAheadMs)} of this machine's`;
    faults.push({ level: "warning", subject: "The API server's clock", message, remedy });
  }
  const leaderAheadMs = -(lease?.renewedAgoMs ?? 0);
  if (leaderAheadMs > HARMLESS_SKEW_MS) {
    const message = `is ${seconds(leaderAheadMs)} of the API server's`;
    faults.push({ level: "warning", subject: `The clock of ${lease?.holder ?? ""}`, message, remedy });
  }
  return faults;
}

function seconds(aheadMs: number): string {
  return `${Math.round(Math.abs(aheadMs) / 1_000)} s ${aheadMs > 0 ? "ahead" : "behind"}`;
}

function controller({ lease, policies: all }: ClusterPicture): readonly Fault[] | undefined {
  if (lease === undefined) return undefined;
  const remedy = "Start a controller, or look at the log of the one that runs";
  const subject = "The controller";
  if (lease === null || lease.holder === "") {
    if (all?.length === 0) return [];
    return [{ level: "error", subject, message: "nobody leads: nothing is protected, switched or reported", remedy }];
  }
  if (lease.renewedAgoMs <= lease.durationMs * LATE) return [];
  const message = `${lease.holder} led ${Math.round(lease.renewedAgoMs / 1_000)} s ago and nobody has since`;
  return [{ level: "error", subject, message, remedy }];
}

function policies({ policies: all }: ClusterPicture): readonly Fault[] | undefined {
  return all?.flatMap(({ key, paused, reported }): Fault[] => {
    const subject = `FailoverPolicy ${key}`;
    const [namespace = "", name = ""] = key.split("/");
    if (paused) {
      const remedy = `kubectl annotate failoverpolicies ${name} -n ${namespace} tandem.dev/paused-`;
      return [{ level: "warning", subject, message: "is paused: its Services are not protected", remedy }];
    }
    if (reported) return [];
    const remedy = "Look whether a controller and agents run, and whether the agents hear of the policy";
    return [{ level: "warning", subject, message: "no controller has said anything of it yet", remedy }];
  });
}

/** A tool that applies the Service again and again puts the selector back. */
function selectors({ services }: ClusterPicture): readonly Fault[] | undefined {
  return services?.flatMap(({ key, held, selectorKeys, hasCopy, selectorManagers }): Fault[] => {
    const isMerged = held && selectorKeys.length > 0;
    const isReverted = !held && hasCopy;
    if (!isMerged && !isReverted) return [];
    const who = selectorManagers.length === 0 ? "somebody" : selectorManagers.join(", ");
    const message = `${who} sets its selector again while gateways are to serve it`;
    const remedy = "Have that tool ignore spec.selector of the Service, or leave it out of what the tool applies";
    return [{ level: "error", subject: `Service ${key}`, message, remedy }];
  });
}

function leftBehind({ services }: ClusterPicture): readonly Fault[] | undefined {
  return services
    ?.filter(({ hasPolicy }) => !hasPolicy)
    .map(({ key, held }) => ({
      level: held ? "error" : "warning",
      subject: `Service ${key}`,
      message: held ? "goes to gateways although no policy targets it" : "has an origin although no policy targets it",
      remedy: `tandem release ${key}, if no controller does so within a minute`,
    }));
}

function networkPolicies(picture: ClusterPicture): readonly Fault[] | undefined {
  const { services, networkPolicies: all, tandem } = picture;
  if (services === undefined || all === undefined || tandem === undefined) return undefined;
  const addresses = picture.sites?.find(({ own }) => own)?.gateways.map(({ address }) => address) ?? [];
  const pods = tandem.pods.filter((pod) => pod.addresses.some((address) => addresses.includes(address)));
  const gateways = pods.map(
    (pod): NetworkEnd => ({ namespace: tandem.namespace, labels: pod.labels, addresses: pod.addresses }),
  );
  // Gateways that are no pods of this cluster have nothing but their addresses.
  const outside = { namespace: { name: "", labels: {} }, labels: {}, addresses };
  const [gateway = outside] = gateways;
  return services.flatMap((service) => blocked(service, gateway, all));
}

function blocked(service: ServicePicture, gateway: NetworkEnd, all: readonly NetworkPolicy[]): readonly Fault[] {
  const { namespace, podLabels } = service;
  const pods = { namespace, labels: podLabels, addresses: [] };
  const clients = { namespace, labels: undefined, addresses: [] };
  const subject = `Service ${service.key}`;
  const ways = [
    {
      level: "error" as const,
      policies: blockingPolicies(all, "ingress", pods, gateway),
      message: "do not let gateways reach its pods",
      remedy: "Allow ingress to these pods from the gateways' namespace",
    },
    {
      level: "warning" as const,
      policies: blockingPolicies(all, "egress", clients, gateway),
      message: "do not let pods of its namespace reach gateways, which serve it while it is held",
      remedy: "Allow egress from the namespace to the gateways' namespace",
    },
    {
      level: "warning" as const,
      policies: blockingPolicies(all, "ingress", gateway, clients),
      message: "do not let pods of its namespace into the gateways, which serve it while it is held",
      remedy: "Allow ingress to the gateways from namespaces with clients",
    },
  ];
  return ways.flatMap(({ level, policies: by, message, remedy }): Fault[] => {
    if (by.length === 0) return [];
    const names = by.map(({ namespace: of, name }) => `${of}/${name}`).join(", ");
    return [{ level, subject, message: `NetworkPolicies ${names} ${message}`, remedy }];
  });
}

/** What a zone takes with it. */
function zones({ services, tandem }: ClusterPicture): readonly Fault[] | undefined {
  if (services === undefined) return undefined;
  const pods = (tandem?.pods ?? []).map(({ zone }) => zone);
  const faultOf = (subject: string, zone: string): Fault => ({
    level: "warning",
    subject,
    message: `stands with all its pods in the zone ${zone}`,
    remedy: "Spread them with topologySpreadConstraints over topology.kubernetes.io/zone",
  });
  const shared = onlyZone(pods);
  return [
    ...(shared === undefined ? [] : [faultOf("Tandem", shared)]),
    ...services.flatMap(({ key, zones: of }) => {
      const zone = onlyZone(of);
      return zone === undefined ? [] : [faultOf(`Service ${key}`, zone)];
    }),
  ];
}

/** The zone in which two or more stand, and none elsewhere. */
function onlyZone(all: readonly (string | undefined)[]): string | undefined {
  const [first] = all;
  return all.length > 1 && all.every((zone) => zone === first) ? first : undefined;
}
