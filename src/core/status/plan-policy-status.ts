/**
 * The status of a policy, from what the gateways report of its Services and what the controller does with them.
 * @module
 */
import { REFUSAL_REASONS } from "../takeover/refusals.ts";
import { formatDuration } from "../../model/duration.ts";
import { PolicyStatus, type StatusCondition } from "../../model/policy-status.ts";
import type { ServiceReport } from "../../model/service-report.ts";
import { type Condition, CONDITION_TYPES } from "../../model/status.ts";
import type { TakeoverPlan } from "../../model/takeover.ts";
import { timestamp } from "../../model/timestamp.ts";

/** What a status is made from. */
export interface PolicyStatusView {
  /** Name of this site. */
  readonly site: string;
  readonly generation: number;
  /** As it is written now, by whomever. */
  readonly before: unknown;
  readonly targets: readonly TargetView[];
  /** Somebody paused it: it counts as none. */
  readonly paused: boolean;
  /** Another policy that targets one of its Services already: that one counts there. */
  readonly conflict: { readonly service: string; readonly policy: string } | undefined;
  /** Unix milliseconds. */
  readonly now: number;
}

/** One Service that a policy targets. */
export interface TargetView {
  readonly name: string;
  readonly exists: boolean;
  /** What the controller does about it; undefined before that was worked out. */
  readonly takeover: TakeoverPlan | undefined;
  /** Of each port what each gateway reports. */
  readonly ports: readonly { readonly port: number; readonly reports: readonly ServiceReport[] }[];
}

/** A condition, and which of several is shown: the one with the highest weight. */
interface Weighed {
  readonly condition: Condition;
  readonly weight: number;
}

/**
 * What the status should be. Undefined while it is not known: a controller that has heard no gateway yet must not replace
 * what one wrote that had.
 */
export function planPolicyStatus(view: PolicyStatusView): PolicyStatus | undefined {
  const reports = view.targets.flatMap(({ ports }) => ports.flatMap((port) => port.reports));
  const own = ownConditions(view);
  const before = PolicyStatus.safeParse(view.before).data;
  if (reports.length === 0 && own.length === 0 && before?.conditions.some(isOwn) !== true) return undefined;
  const conditions = CONDITION_TYPES.flatMap((type): StatusCondition[] => {
    const worst = worstOf([...own.filter((one) => one.type === type), ...reported(view, type)]);
    if (worst !== undefined) return [asWritten(worst, view, before)];
    // Nobody is heard: what was known is the best there is, but for what this controller itself would say if it were so.
    const known = before?.conditions.find((one) => one.type === type);
    if (known === undefined || !isOwn(known)) return known === undefined ? [] : [known];
    return type === "Accepted" ? [asWritten(ACCEPTED, view, before)] : [];
  });
  if (reports.length === 0) return { ...before, observedGeneration: view.generation, conditions, ...trafficOf(view) };
  const sites = sitesOf(view, reports);
  const lastFailover = lastOf(reports);
  return {
    observedGeneration: view.generation,
    conditions,
    servingSite: servingSites(reports),
    ...trafficOf(view),
    ...summaryOf(view.site, sites, reports),
    ...(lastFailover === undefined ? {} : { lastFailover }),
  };
}

const ACCEPTED: Condition = { type: "Accepted", status: "True", reason: "Accepted", message: "" };

/** Reasons that no gateway reports. */
const OWN_REASONS: ReadonlySet<string> = new Set([
  "Paused",
  "ServiceNotFound",
  "Conflict",
  "Bypassed",
  "SelectorReverted",
  "SelectorLost",
  ...REFUSAL_REASONS,
]);

function isOwn({ reason }: Pick<Condition, "reason">): boolean {
  return OWN_REASONS.has(reason);
}

/** Whether two say the same; when a condition became what it is does not count. */
export function isSameStatus(left: unknown, right: PolicyStatus): boolean {
  const known = PolicyStatus.safeParse(left).data;
  return known !== undefined && JSON.stringify(known) === JSON.stringify(PolicyStatus.parse(right));
}

/** What the controller itself knows. */
function ownConditions({ targets, conflict, paused }: PolicyStatusView): readonly Condition[] {
  const refuse = (reason: string, message: string): Condition => ({
    type: "Accepted",
    status: "False",
    reason,
    message,
  });
  if (paused) return [refuse("Paused", "it counts as none until the annotation tandem.dev/paused is removed")];
  const refused = targets.flatMap(({ name, exists, takeover }) => {
    if (!exists) return [refuse("ServiceNotFound", `there is no Service ${name} in this namespace`)];
    return (takeover?.refusals ?? []).map(({ reason, message, allowable }) =>
      refuse(
        reason,
        `Service ${name} ${message}${allowable ? `; the annotation tandem.dev/allow: ${reason} allows it` : ""}`,
      ),
    );
  });
  const conflicts =
    conflict === undefined
      ? []
      : [refuse("Conflict", `${conflict.policy} targets Service ${conflict.service} already and counts there`)];
  const bypassed = targets.filter(({ takeover }) => takeover?.bypassed === true).map(({ name }) => name);
  const bypass: Condition = {
    type: "Degraded",
    status: "True",
    reason: "Bypassed",
    message: `no gateway can serve ${bypassed.join(", ")}: requests go straight to the pods, as without Tandem`,
  };
  const contested = targets.flatMap(({ name, takeover }): Condition[] =>
    takeover?.contestedBy === undefined
      ? []
      : [
          {
            type: "Degraded",
            status: "True",
            reason: "SelectorReverted",
            message: `${takeover.contestedBy} has set spec.selector of Service ${name} while it was held, which takes it from the gateways: let it ignore the field /spec/selector`,
          },
        ],
  );
  return [...refused, ...conflicts, ...contested, ...(bypassed.length === 0 ? [] : [bypass])];
}

function reported({ targets }: PolicyStatusView, type: Condition["type"]): readonly Condition[] {
  const several = targets.length > 1 || targets.some(({ ports }) => ports.length > 1);
  return targets.flatMap(({ name, ports }) =>
    ports.flatMap(({ port, reports }) => {
      const worst = worstOf(reports.flatMap(({ conditions }) => conditions.filter((one) => one.type === type)));
      if (worst === undefined) return [];
      return several && worst.message !== "" ? [{ ...worst, message: `${name}/${port}: ${worst.message}` }] : [worst];
    }),
  );
}

/** Of several views of one thing the one to worry about most; of those the first. */
function worstOf(conditions: readonly Condition[]): Condition | undefined {
  const weighed = conditions.map((condition): Weighed => ({ condition, weight: weightOf(condition) }));
  return weighed.reduce<Weighed | undefined>(
    (worst, one) => (worst === undefined || one.weight > worst.weight ? one : worst),
    undefined,
  )?.condition;
}

function weightOf({ type, status }: Condition): number {
  if (status === "Unknown") return 1;
  const isBad = type === "FailedOver" || type === "Degraded" ? "True" : "False";
  return status === isBad ? 2 : 0;
}

function asWritten(
  { type, status, reason, message }: Condition,
  { generation, now }: PolicyStatusView,
  before: PolicyStatus | undefined,
): StatusCondition {
  const known = before?.conditions.find((one) => one.type === type);
  const lastTransitionTime = known?.status === status ? known.lastTransitionTime : timestamp(now);
  return { type, status, reason, message, observedGeneration: generation, lastTransitionTime };
}

function servingSites(reports: readonly ServiceReport[]): string {
  return [...new Set(reports.map(({ servingSite }) => servingSite))].toSorted().join(", ");
}

function trafficOf({ targets }: PolicyStatusView): Pick<PolicyStatus, "traffic"> {
  const states = targets.flatMap(({ takeover }) => takeover?.state ?? []);
  if (states.length === 0) return {};
  return { traffic: states.includes("Held") ? "Gateways" : "Pods" };
}

/** Each site with the fewest healthy endpoints that any gateway reports of any port. */
function sitesOf(
  { site: own }: PolicyStatusView,
  reports: readonly ServiceReport[],
): NonNullable<PolicyStatus["sites"]> {
  const worst = new Map<string, { readonly healthy: number; readonly total: number }>();
  for (const { name, healthy, total } of reports.flatMap(({ sites }) => sites)) {
    const known = worst.get(name);
    if (known === undefined || healthy * known.total < known.healthy * total) worst.set(name, { healthy, total });
  }
  const slowest = Math.max(...reports.map(({ checkIntervalMs }) => checkIntervalMs));
  return [...worst].map(([name, counts]) => ({
    name,
    ...counts,
    ...(name === own ? { checkInterval: formatDuration(slowest) } : {}),
  }));
}

function summaryOf(
  own: string,
  sites: NonNullable<PolicyStatus["sites"]>,
  reports: readonly ServiceReport[],
): Pick<PolicyStatus, "healthy" | "standby" | "check" | "sites"> {
  const [first] = reports;
  if (first === undefined) return {};
  const here = sites.find(({ name }) => name === own);
  const others = sites.filter(({ name, healthy }) => name !== own && healthy > 0);
  return {
    ...(here === undefined ? {} : { healthy: `${here.healthy}/${here.total}` }),
    standby: others.map(({ name, healthy, total }) => `${name} ${healthy}/${total}`).join(", ") || "none",
    check: first.check,
    sites,
  };
}

function lastOf(reports: readonly ServiceReport[]): PolicyStatus["lastFailover"] {
  const [last] = reports
    .flatMap(({ lastFailover }) => lastFailover ?? [])
    .toSorted((left, right) => right.at - left.at);
  if (last === undefined) return undefined;
  const { at, from, to, trigger, detectionMs } = last;
  return { at: timestamp(at), from, to, trigger, ...(detectionMs === undefined ? {} : { detectionMs }) };
}
