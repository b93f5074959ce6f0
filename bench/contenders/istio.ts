import { avoidPreviousHosts, type EnvoyResource } from "./envoy/resource.ts";
import { meshContender } from "./mesh.ts";

/** Istio's default route since 1.24: two retries, never of an answered request, on another host, no time-out. */
const route: EnvoyResource = {
  timeout: "0s",
  retry_policy: {
    num_retries: 2,
    retry_on: "connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes",
    ...avoidPreviousHosts,
  },
};

/** A DestinationRule with `outlierDetection` (locality failover needs one) turns panic and success rate off. */
function clusterWith(outlierDetection: EnvoyResource): EnvoyResource {
  return {
    lb_policy: "LEAST_REQUEST",
    connect_timeout: "10s",
    common_lb_config: { healthy_panic_threshold: { value: 0 } },
    outlier_detection: { enforcing_success_rate: 0, ...outlierDetection },
  };
}

/** As Istio's own locality failover example configures it: one error, every second, all hosts may be ejected. */
export const istioTuned = meshContender({
  name: "istio-tuned",
  description:
    "What Istio generates with outlierDetection {consecutive5xxErrors: 1, interval: 1s, baseEjectionTime: 1m, maxEjectionPercent: 100}.",
  cluster: clusterWith({
    consecutive_5xx: 1,
    enforcing_consecutive_5xx: 100,
    interval: "1s",
    base_ejection_time: "60s",
    max_ejection_percent: 100,
  }),
  policy: {},
  route,
});

/** With an empty `outlierDetection`: Envoy's defaults, by which no host of a small cluster is ever ejected. */
export const istioLiteral = meshContender({
  name: "istio-literal",
  description: "What Istio generates with outlierDetection {} (Envoy's defaults: 5 errors, 10 s, at most 10 %).",
  cluster: clusterWith({}),
  policy: {},
  route,
});
