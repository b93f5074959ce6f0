import type { KubeError } from "../../../adapters/kube/kube-error.ts";
import { TandemError } from "../../../model/errors.ts";

/** What to do, by the reason that an API server gives; `Unreachable` is no answer at all. */
const REMEDIES: Readonly<Record<string, string>> = {
  Unreachable: "Check the address in the kubeconfig and the way there (a VPN, a proxy, a firewall), then run it again",
  Unauthorized: "Renew the credentials of the kubeconfig: they have expired, or belong to another cluster",
  Forbidden: "Have somebody give you a role with what the message names, or use a context with more rights",
  NotFound: "Check the name and its namespace; of a kind of Tandem's: its definitions may not be installed",
  Invalid: "Correct the fields that the message names",
  Conflict: "Somebody else changes the same fields: look who in managedFields, then run it again",
  TooManyRequests: "Run it again later: the API server has too much to do",
};

/** What to do about a request that an API server refused. */
export function remedyOf(reason: string): string {
  return REMEDIES[reason] ?? "Run it again; if it stays, look at the API server's own state and logs";
}

/** What an API server refused, or never answered, as an error of the catalogue. */
export function clusterRefusal(error: KubeError): TandemError {
  const { reason, message } = error;
  const options = { remedy: remedyOf(reason), cause: error };
  // What an API server answers where it does not know the kind at all.
  if (error.status === 404 && message.includes("page not found"))
    return new TandemError("ClusterRefused", "Tandem is not installed in this cluster: it does not know its kinds", {
      remedy: "Install it with `tandem install`, or name the cluster that has it with --context",
      cause: error,
    });
  return reason === "Unreachable"
    ? new TandemError("ClusterUnreachable", message, options)
    : new TandemError("ClusterRefused", message, options);
}
