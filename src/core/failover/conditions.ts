import type { ServiceView } from "../../model/service-view.ts";
import type { Condition } from "../../model/status.ts";
import type { Verdict } from "./judge.ts";
import { chooseProtocol } from "./protocol.ts";

/** What only the runtime knows about a service. */
export interface ConditionInputs {
  /** Envoy's words for resources of the service that it refused. */
  readonly rejections: readonly string[];
  /** Sites whose policy for the service has another spec. */
  readonly differing: readonly string[];
}

/** The conditions of a service, in the order in which they are shown. */
export function conditionsOf(view: ServiceView, verdict: Verdict, inputs: ConditionInputs): readonly Condition[] {
  return [
    accepted(view),
    programmed(inputs),
    protectedBy(view, verdict),
    failedOver(view, verdict),
    degraded(view, verdict),
    consistent(inputs),
  ];
}

function accepted(view: ServiceView): Condition {
  if (!view.policy.sites.some((site) => site.name === view.site)) {
    return {
      type: "Accepted",
      status: "False",
      reason: "SiteNotListed",
      message: `the policy does not list ${view.site}, so nothing is served or called here`,
    };
  }
  const { assumed } = chooseProtocol(view.appProtocol, view.policy.healthCheck);
  if (assumed) {
    return {
      type: "Accepted",
      status: "True",
      reason: "ProtocolAssumed",
      message: "no appProtocol and no http check: served as TCP; set appProtocol: http for retries",
    };
  }
  return { type: "Accepted", status: "True", reason: "Accepted", message: "" };
}

function programmed(inputs: ConditionInputs): Condition {
  if (inputs.rejections.length > 0)
    return { type: "Programmed", status: "False", reason: "RejectedByEnvoy", message: inputs.rejections.join("; ") };
  return { type: "Programmed", status: "True", reason: "Programmed", message: "" };
}

function protectedBy(view: ServiceView, verdict: Verdict): Condition {
  const homes = verdict.sites.filter((site) => site.usable > 0).map((site) => site.site);
  if (homes.length >= 2)
    return {
      type: "Protected",
      status: "True",
      reason: "SecondHomeReady",
      message: `can be served by ${homes.join(", ")}`,
    };
  const others = view.policy.sites.length > 1 ? "no other site can serve it now" : "the policy lists one site only";
  return {
    type: "Protected",
    status: "False",
    reason: homes.length === 0 ? "NoSiteHealthy" : "NoHealthyStandby",
    message: others,
  };
}

function failedOver(view: ServiceView, verdict: Verdict): Condition {
  const home = verdict.sites[0]?.site;
  if (home === undefined || verdict.servingSite === home)
    return { type: "FailedOver", status: "False", reason: "Home", message: "" };
  if (view.activeSwitch?.to === verdict.servingSite) {
    return {
      type: "FailedOver",
      status: "True",
      reason: "Switched",
      message: `switched to ${verdict.servingSite} by hand: ${view.activeSwitch.reason || "no reason given"}`,
    };
  }
  return {
    type: "FailedOver",
    status: "True",
    reason: verdict.memory.lastFailover?.trigger ?? "Unavailable",
    message: `${verdict.servingSite} serves instead of ${home}`,
  };
}

function degraded(view: ServiceView, verdict: Verdict): Condition {
  const is = (reason: string, message: string): Condition => ({ type: "Degraded", status: "True", reason, message });
  if (verdict.checkSuspect)
    return is(
      "CheckSuspect",
      "the health check fails in every site although endpoints say they are ready: it is not believed, traffic stays; correct the check",
    );
  if (verdict.checkUnknown)
    return is(
      "CheckUnknown",
      "the health check has never passed here: it cannot cause a failover; correct it, or wait for the first endpoint to pass",
    );
  if (verdict.nothingUsable)
    return is("NothingHealthy", "no site has a healthy endpoint: all of them are tried all the same");
  if (view.activeSwitch !== undefined && verdict.servingSite !== view.activeSwitch.to) {
    return is(
      "SwitchTargetUnhealthy",
      `the switch points to ${view.activeSwitch.to}, which cannot serve: ${verdict.servingSite} does`,
    );
  }
  if (verdict.memory.hedgingRestsUntil !== undefined)
    return is(
      "SlowerThanPerTryTimeout",
      "every endpoint exceeds perTryTimeout, so tries get more time for now; raise perTryTimeout above the service's latency",
    );
  const partial = verdict.sites.find((site) => site.usable > 0 && site.usable < site.total);
  if (partial !== undefined)
    return is("EndpointsUnhealthy", `${partial.site} has ${partial.usable} of ${partial.total} endpoints healthy`);
  return { type: "Degraded", status: "False", reason: "Well", message: "" };
}

function consistent(inputs: ConditionInputs): Condition {
  if (inputs.differing.length === 0) return { type: "Consistent", status: "True", reason: "SameSpec", message: "" };
  return {
    type: "Consistent",
    status: "False",
    reason: "SpecDiffers",
    message: `the policy has another spec in ${inputs.differing.join(", ")}`,
  };
}
