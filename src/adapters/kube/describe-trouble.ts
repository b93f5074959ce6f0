import type { Problem } from "../../model/problem.ts";
import type { KubeError } from "./kube-error.ts";
import type { KubeResource } from "./kube-resource.ts";

/** Why objects of a resource cannot be followed at the moment, and what to do. What was read last stays in force meanwhile. */
export function describeTrouble(resource: KubeResource, { status, message }: KubeError): Problem {
  return {
    message: `${resource.plural} cannot be followed, so that what was read last stays in force: ${message}`,
    remedy: REMEDIES[status]?.(resource) ?? "Nothing if it passes; else look at the API server's own state and logs",
  };
}

/** By HTTP status; 0 is no answer. */
const REMEDIES: Readonly<Record<number, (resource: KubeResource) => string>> = {
  0: () => "Check the address in the kubeconfig, and that nothing such as a NetworkPolicy blocks the way",
  401: () => "Renew the credentials: they have expired or belong to another cluster",
  403: ({ plural, group }) =>
    `Allow list and watch of ${plural}${group === "" ? "" : ` in ${group}`} in a ClusterRole, as tandem install writes it`,
  404: ({ kind, group }) =>
    group === "tandem.dev"
      ? `Install the definition of ${kind}; it may not be established yet`
      : "Check the server's address",
  429: () => "Nothing if it passes; else the API server has too much to do",
};
