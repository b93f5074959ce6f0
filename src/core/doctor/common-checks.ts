/**
 * Checks of what there is wherever there is Tandem: conditions, sites, certificates, versions.
 * @module
 */
import type { Check, CommonPicture, ConditionPicture, Fault, SitePicture } from "../../model/doctor.ts";

/** Labels that say where a site stands, the widest first. */
const FAILURE_DOMAINS = ["provider", "region", "zone"] as const;

const DAY_MS = 24 * 3_600_000;

/** What is looked at in this order. */
export const COMMON_CHECKS: readonly Check<CommonPicture>[] = [
  { name: "Rejected", find: conditionsOf("Programmed", "False") },
  { name: "NotAccepted", find: conditionsOf("Accepted", "False") },
  { name: "Standby", find: conditionsOf("Protected", "False") },
  { name: "HealthCheck", find: degradedBy("CheckSuspect", "CheckUnknown") },
  { name: "Degraded", find: degradedBut("CheckSuspect", "CheckUnknown") },
  { name: "SameSpec", find: conditionsOf("Consistent", "False") },
  { name: "Ports", find: closedPorts },
  { name: "SinglePath", find: singlePaths },
  { name: "FailureDomains", find: sharedDomains },
  { name: "Certificates", find: certificates },
  { name: "Versions", find: versions },
];

/** What to do, by the reason of a condition. docs/status.md has more. */
const REMEDIES: Readonly<Record<string, string>> = {
  RejectedByEnvoy: "Choose another tandem.dev/listen if an address or port is taken; report anything else as a defect",
  NoHealthyStandby: "Look at the other sites' endpoints and gateways, and at port 15443 on the way to them",
  NoSiteHealthy: "Bring endpoints back; all of them are tried meanwhile",
  CheckSuspect:
    "Correct the check's path, port or answer: it fails in every site although endpoints say they are ready",
  CheckUnknown: "Correct the check: until it has passed once it cannot cause a failover",
  SpecDiffers: "Apply the same policy in all sites",
  SiteNotListed: "Add this site to spec.sites, or remove the policy here",
  Bypassed: "Bring a gateway back; look at gateway_dead in the controller's log",
  SwitchTargetUnhealthy: "Mend that site or end the switch",
  ServiceNotFound: "Create the Service, or correct spec.targetRefs",
  Conflict: "Remove one of the two policies",
};

/** Where there is no failover, or a wrong one: what else conditions say is less. */
const BREAKING = new Set(["Accepted", "Programmed", "Protected", "CheckSuspect", "CheckUnknown", "Bypassed"]);

function conditionsOf(type: string, status: string): Check<CommonPicture>["find"] {
  return ({ conditioned }) =>
    conditioned?.flatMap(({ subject, conditions }) =>
      conditions
        // A pause is a person's wish, and a check of its own.
        .filter((one) => one.type === type && one.status === status && one.reason !== "Paused")
        .map((one) => faultOf(subject, one)),
    );
}

function degradedBy(...reasons: readonly string[]): Check<CommonPicture>["find"] {
  return (picture) => degradations(picture, (reason) => reasons.includes(reason));
}

function degradedBut(...reasons: readonly string[]): Check<CommonPicture>["find"] {
  return (picture) => degradations(picture, (reason) => !reasons.includes(reason));
}

function degradations(
  { conditioned }: CommonPicture,
  isMeant: (reason: string) => boolean,
): readonly Fault[] | undefined {
  return conditioned?.flatMap(({ subject, conditions }) =>
    conditions
      .filter(({ type, status, reason }) => type === "Degraded" && status === "True" && isMeant(reason))
      .map((one) => faultOf(subject, one)),
  );
}

function faultOf(subject: string, { type, reason, message }: ConditionPicture): Fault {
  return {
    level: BREAKING.has(type) || BREAKING.has(reason) ? "error" : "warning",
    subject,
    message: `${reason}: ${message}`,
    remedy: REMEDIES[reason] ?? "Do what the message says; docs/status.md lists the reason",
  };
}

function closedPorts({ sites }: CommonPicture): readonly Fault[] | undefined {
  const isTried = sites?.some(({ gateways }) => gateways.some(({ open }) => open !== undefined)) ?? false;
  if (!isTried) return undefined;
  return sites?.flatMap(({ name: site, own, gateways }) =>
    gateways
      .filter(({ open }) => open === false)
      .map(({ name, address, port }) => ({
        level: own ? ("warning" as const) : ("error" as const),
        subject: `Gateway ${site}/${name}`,
        message: `nobody takes connections at ${address}, port ${port}, seen from here`,
        remedy: `Look whether it runs, and whether a firewall, a security group or a NetworkPolicy blocks port ${port} on the way`,
      })),
  );
}

function singlePaths({ sites }: CommonPicture): readonly Fault[] | undefined {
  return sites?.flatMap(({ name, gateways }): Fault[] => {
    if (new Set(gateways.map(({ address }) => address)).size > 1) return [];
    const message = `is reached by one address only: ${gateways[0]?.address ?? "none"}; with it the site is gone`;
    const remedy = "Give its Site a second gateway with an address of its own, on another machine";
    return [{ level: "warning", subject: `Site ${name}`, message, remedy }];
  });
}

/** A second home in the same house is none. */
function sharedDomains({ sites }: CommonPicture): readonly Fault[] | undefined {
  return sites?.flatMap((site, index) =>
    sites.slice(index + 1).flatMap((other): Fault[] => {
      const shared = narrowestShared(site, other);
      if (shared === undefined) return [];
      const message = `stand both in the ${shared} ${site.labels[shared] ?? ""}: what ends one may end the other`;
      const remedy = `Move one of them, or correct the label ${shared} of its Site`;
      return [{ level: "warning", subject: `Sites ${site.name}, ${other.name}`, message, remedy }];
    }),
  );
}

/** The narrowest label that both have, if it has one value: a region may be shared by two zones. */
function narrowestShared(left: SitePicture, right: SitePicture): string | undefined {
  const both = FAILURE_DOMAINS.filter((label) => label in left.labels && label in right.labels);
  const isSame = both.length > 0 && both.every((label) => left.labels[label] === right.labels[label]);
  return isSame ? both.at(-1) : undefined;
}

function certificates({ certificates: all, now }: CommonPicture): readonly Fault[] {
  return all.flatMap(({ subject, from, until, renewedBeforeMs }): Fault[] => {
    const days = Math.floor((until - now) / DAY_MS);
    if (until <= now) {
      const message = "has ended: other sites refuse this gateway";
      const remedy = "Enrol it anew: tandem token create --gateway NAME, tandem gateway enrol";
      return [{ level: "error", subject, message, remedy }];
    }
    if (from > now) {
      const message = "is not valid yet: the clock of this machine, or of the one that issued it, is wrong";
      return [{ level: "error", subject, message, remedy: "Let both machines take their time from NTP" }];
    }
    if (until - now >= renewedBeforeMs) return [];
    const message = `ends in ${days} days and should have been renewed`;
    const remedy = "Look for certificate_not_renewed in the agent's log; the issuer's agent has to run";
    return [{ level: "warning", subject, message, remedy }];
  });
}

function versions({ versions: all }: CommonPicture): readonly Fault[] {
  const [first, ...others] = all;
  return others
    .filter(({ version }) => version !== first?.version)
    .map(({ who, version }) => ({
      level: "warning" as const,
      subject: who,
      message: `is ${version}; ${first?.who ?? "another"} is ${first?.version ?? ""}`,
      remedy: "Bring all to one version once the roll-out is over",
    }));
}
