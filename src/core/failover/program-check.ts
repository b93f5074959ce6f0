import { endpointKey, type LocalEndpoint, type ServiceView } from "../../model/service-view.ts";
import type { ProgramCheck } from "../../model/service-program.ts";
import { scheduleChecks } from "./check-schedule.ts";
import { chooseProtocol, type ProtocolChoice } from "./protocol.ts";

/** The active check of a service's local endpoints: the policy's, else a TCP connect. */
export function programCheck(view: ServiceView, protocol: ProtocolChoice): ProgramCheck {
  const asked = view.policy.healthCheck;
  const timing = {
    ...scheduleChecks(view.policy, view.judges),
    unhealthyThreshold: asked?.unhealthyThreshold ?? 2,
    healthyThreshold: asked?.healthyThreshold ?? 1,
  };
  if (asked?.http !== undefined) {
    const { path, host } = asked.http;
    return { ...timing, kind: "http", path, http2: protocol.http2, ...(host === undefined ? {} : { host }) };
  }
  const { send, receive } = asked?.tcp ?? {};
  return { ...timing, kind: "tcp", ...(send === undefined || receive === undefined ? {} : { send, receive }) };
}

/**
 * Fingerprint of what a check asks. Intervals are left out: asking more often does not make another question of it,
 * so an answer given before still counts.
 */
export function checkFingerprint(check: ProgramCheck, endpoints: readonly LocalEndpoint[]): string {
  const ports = [...new Set(endpoints.map(askedPort))].toSorted((left, right) => left - right);
  return JSON.stringify([...question(check), ...ports]);
}

/** What each local endpoint of a service is asked, by `address:port`. */
export function questionsOf(view: ServiceView): ReadonlyMap<string, string> {
  const check = programCheck(view, chooseProtocol(view.appProtocol, view.policy.healthCheck));
  return new Map(
    view.local.map((endpoint) => [
      endpointKey(endpoint.address, endpoint.port),
      JSON.stringify([...question(check), askedPort(endpoint)]),
    ]),
  );
}

function question(check: ProgramCheck): readonly string[] {
  return check.kind === "http"
    ? ["http", check.path, check.host ?? ""]
    : ["tcp", check.send ?? "", check.receive ?? ""];
}

function askedPort({ port, checkPort }: LocalEndpoint): number {
  return checkPort ?? port;
}

/** Longest time until every check has noticed that an endpoint hangs, in milliseconds. */
export function timeToFail(check: ProgramCheck): number {
  return (check.answerIntervalMs + check.timeoutMs) * check.unhealthyThreshold;
}

/** Longest time until this gateway has noticed that an endpoint here hangs, in milliseconds: its callers' cluster asks most often. */
export function timeToFailForCallers(check: ProgramCheck): number {
  // What is not asked over HTTP only the cluster that answers peers can ask.
  if (check.kind !== "http") return timeToFail(check);
  return (check.intervalMs + check.timeoutMs) * check.unhealthyThreshold;
}
