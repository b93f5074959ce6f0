import type { ResourceSink } from "../../runtime/gateway-context.ts";
import type { EnvoyConnection } from "./envoy-connection.ts";
import type { Publisher } from "./publisher.ts";

/** Where a service's resources go: to the publisher, and how long Envoy takes for what changed is measured from there on. */
export function sinkOf(publisher: Publisher, envoy: EnvoyConnection): ResourceSink {
  return {
    replace: (owner, resources, noticedAt) => {
      if (publisher.publish(owner, resources)) envoy.published(noticedAt);
    },
    update: (owner, resources, noticedAt) => {
      if (publisher.update(owner, resources)) envoy.published(noticedAt);
    },
  };
}
