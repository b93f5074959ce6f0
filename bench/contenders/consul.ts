import { meshContender } from "./mesh.ts";

/** What Consul generates for a service with failover: local until nothing is healthy, no retries unless asked for. */
export const consulLike = meshContender({
  name: "consul-like",
  description:
    "What Consul generates: overprovisioning factor 100000, panic 0, outlier detection {}, no retries, connect time-out 5 s.",
  cluster: {
    connect_timeout: "5s",
    common_lb_config: { healthy_panic_threshold: { value: 0 } },
    outlier_detection: {},
  },
  policy: { overprovisioning_factor: 100_000 },
  route: { timeout: "15s" },
});
