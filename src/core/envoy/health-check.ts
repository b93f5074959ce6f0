import type { HealthCheckJson } from "../../gen/envoy/config/core/v3/health_check_pb.js";
import type { ProgramCheck } from "../../model/service-program.ts";
import type { ServicePortKey } from "../../model/service-key.ts";
import { PROBE_HEADER, SERVICE_HEADER } from "./names.ts";
import { any, seconds } from "../../model/xds-resource.ts";

/** Path asked of a peer's gateway when the service has no HTTP check of its own; the gateway answers it without looking at the path. */
const PROBE_PATH = "/";

/** Host of probes; pods have their own in the endpoint. Without one Envoy takes the cluster's name, which is no valid host. */
const PROBE_HOST = "probe.tandem";

/** Where Envoy writes its health decisions. */
export interface HealthEventLog {
  /** Path of a regular file; Envoy appends a JSON line per change. */
  readonly path: string;
}

interface Timing {
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly unhealthyThreshold: number;
  readonly healthyThreshold: number;
}

function timing(check: Timing, log: HealthEventLog): HealthCheckJson {
  return {
    interval: seconds(check.intervalMs),
    timeout: seconds(check.timeoutMs),
    // A standby is asked as often as the one in use: its state must not be old when it is needed.
    noTrafficInterval: seconds(check.intervalMs),
    noTrafficHealthyInterval: seconds(check.intervalMs),
    intervalJitterPercent: 10,
    initialJitter: "0.01s",
    unhealthyThreshold: check.unhealthyThreshold,
    healthyThreshold: check.healthyThreshold,
    reuseConnection: true,
    eventLogger: [
      {
        name: "tandem.health_events",
        typedConfig: any("envoy.extensions.health_check.event_sinks.file.v3.HealthCheckEventFileSink", {
          eventLogPath: log.path,
        }),
      },
    ],
  };
}

/**
 * The check of pods and peers' gateways in one cluster: a pod sees an ordinary request, a gateway sees the probe header and answers for the service.
 * Over TLS it speaks HTTP/1.1 by ALPN: a checker cannot follow a negotiation.
 */
export function httpCheck(
  service: ServicePortKey,
  check: ProgramCheck & { kind: "http" },
  log: HealthEventLog,
): HealthCheckJson {
  return {
    ...timing(check, log),
    httpHealthCheck: {
      path: check.path,
      host: PROBE_HOST,
      requestHeadersToAdd: probeHeaders(service),
      ...(check.http2 ? { codecClientType: "HTTP2" } : {}),
    },
    tlsOptions: { alpnProtocols: [check.http2 ? "h2" : "http/1.1"] },
  };
}

/** The check of peers' gateways alone. */
export function probeCheck(service: ServicePortKey, check: ProgramCheck, log: HealthEventLog): HealthCheckJson {
  return {
    ...timing(check, log),
    httpHealthCheck: { path: PROBE_PATH, host: PROBE_HOST, requestHeadersToAdd: probeHeaders(service) },
    tlsOptions: { alpnProtocols: ["http/1.1"] },
  };
}

/** The check of pods alone, of either kind. */
export function localCheck(service: ServicePortKey, check: ProgramCheck, log: HealthEventLog): HealthCheckJson {
  if (check.kind === "http") return httpCheck(service, check, log);
  const { send, receive } = check;
  return {
    ...timing(check, log),
    tcpHealthCheck:
      send === undefined || receive === undefined
        ? {}
        : { send: { text: hex(send) }, receive: [{ text: hex(receive) }] },
  };
}

function probeHeaders(
  service: ServicePortKey,
): NonNullable<NonNullable<HealthCheckJson["httpHealthCheck"]>["requestHeadersToAdd"]> {
  return [
    { header: { key: SERVICE_HEADER, value: service }, appendAction: "OVERWRITE_IF_EXISTS_OR_ADD" },
    { header: { key: PROBE_HEADER, value: "1" }, appendAction: "OVERWRITE_IF_EXISTS_OR_ADD" },
  ];
}

/** Envoy takes the text of a TCP check as hexadecimal bytes; those of its UTF-8 form. */
function hex(text: string): string {
  return encodeURIComponent(text).replace(/%(..)|(.)/g, (_, escaped: string | undefined, plain: string) =>
    escaped === undefined ? plain.charCodeAt(0).toString(16).padStart(2, "0") : escaped.toLowerCase(),
  );
}
