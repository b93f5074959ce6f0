import type { PolicyEvent, PolicyStatus, StatusCondition } from "../../model/policy-status.ts";

/** What a change of a policy's status means for people; nothing for most changes. */
export function policyEvents(before: PolicyStatus | undefined, now: PolicyStatus): readonly PolicyEvent[] {
  return [...acceptance(before, now), ...failover(before, now), ...degradation(before, now)];
}

function acceptance(before: PolicyStatus | undefined, now: PolicyStatus): readonly PolicyEvent[] {
  const [was, is] = [conditionOf(before, "Accepted"), conditionOf(now, "Accepted")];
  if (is?.status !== "False" || (was?.status === "False" && was.reason === is.reason)) return [];
  return [{ type: "Warning", reason: "NotAccepted", message: `${is.reason}: ${is.message}` }];
}

function failover(before: PolicyStatus | undefined, now: PolicyStatus): readonly PolicyEvent[] {
  const [was, is] = [conditionOf(before, "FailedOver"), conditionOf(now, "FailedOver")];
  const last = now.lastFailover;
  if (is === undefined) return [];
  const movedOn = last !== undefined && before?.lastFailover !== undefined && before.lastFailover.at !== last.at;
  const took = last?.detectionMs === undefined ? "" : ` (${last.trigger}, detected in ${last.detectionMs} ms)`;
  if (is.status === "True" && (was?.status !== "True" || was.reason !== is.reason || movedOn)) {
    if (is.reason === "Switched") return [{ type: "Normal", reason: "Switched", message: is.message }];
    return [{ type: "Warning", reason: "FailedOver", message: `${is.message}${took}` }];
  }
  if (is.status === "True" || was?.status !== "True") return [];
  const reason = was.reason === "Switched" ? "SwitchEnded" : "FailedBack";
  return [{ type: "Normal", reason, message: `${now.servingSite ?? "this site"} serves again` }];
}

function degradation(before: PolicyStatus | undefined, now: PolicyStatus): readonly PolicyEvent[] {
  const [was, is] = [conditionOf(before, "Degraded"), conditionOf(now, "Degraded")];
  if (is === undefined) return [];
  const [wasBypassed, isBypassed] = [isFor(was, "Bypassed"), isFor(is, "Bypassed")];
  const events: PolicyEvent[] = [];
  if (wasBypassed && !isBypassed)
    events.push({ type: "Normal", reason: "BypassEnded", message: "a gateway is back and serves" });
  if (is.status === "True" && (was?.status !== "True" || was.reason !== is.reason))
    events.push({
      type: "Warning",
      reason: isBypassed ? "Bypassed" : "Degraded",
      message: isBypassed ? is.message : `${is.reason}: ${is.message}`,
    });
  if (is.status === "False" && was?.status === "True" && !wasBypassed)
    events.push({ type: "Normal", reason: "Recovered", message: `${was.reason} is over` });
  return events;
}

function conditionOf(status: PolicyStatus | undefined, type: string): StatusCondition | undefined {
  return status?.conditions.find((one) => one.type === type);
}

function isFor(condition: StatusCondition | undefined, reason: string): boolean {
  return condition?.status === "True" && condition.reason === reason;
}
