/**
 * What a person types to get at a command: messages that name a next step name it as it works here.
 * @module
 */

/** How this program was started. */
export interface Invocation {
  /** `tandem`, or `kubectl tandem`. */
  readonly typed: string;
  /** A cluster is meant where none is named: the kubeconfig's current one, as kubectl means it. */
  readonly meansCluster: boolean;
}

/** Started as itself: a cluster has to be named. */
export const TANDEM: Invocation = { typed: "tandem", meansCluster: false };

/** Started by kubectl. */
export const KUBECTL_TANDEM: Invocation = { typed: "kubectl tandem", meansCluster: true };

/** What `tandem lab` is typed as. @param environment npm says there which of its scripts runs */
export function typedLabCommand(environment: Readonly<Record<string, string | undefined>>): string {
  return environment["npm_lifecycle_event"] === "lab" ? "npm run lab --" : "tandem lab";
}
