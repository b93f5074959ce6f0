import type { MeshNamespace, PeerAuthentication } from "../../model/mesh.ts";
import { matchesKnown } from "./label-selector.ts";

/** Where Istio looks for what counts in the whole mesh, unless it was told otherwise. */
const ISTIO_ROOT_NAMESPACE = "istio-system";

/** Linkerd's policies under which a client that is not in the mesh gets no connection. */
const LINKERD_STRICT = ["all-authenticated", "cluster-authenticated", "deny"];

/**
 * What keeps clients out that are not in a mesh, as a person names it; undefined: nothing that is known. Pods of Istio
 * (https://istio.io/latest/docs/reference/config/security/peer_authentication/) and Linkerd
 * (https://linkerd.io/2/reference/authorization-policy/) count as in the mesh where their namespace is.
 * @param labels that all of the pods have, such as the selector of a Service
 */
export function strictMeshOf(
  namespace: MeshNamespace,
  labels: Readonly<Record<string, string>>,
  authentications: readonly PeerAuthentication[],
): string | undefined {
  if (isInIstio(namespace)) return strictIstio(namespace.name, labels, authentications);
  const { "linkerd.io/inject": inject, "config.linkerd.io/default-inbound-policy": policy = "" } =
    namespace.annotations;
  const isInLinkerd = inject === "enabled" || inject === "ingress";
  return isInLinkerd && LINKERD_STRICT.includes(policy) ? `Linkerd's inbound policy ${policy}` : undefined;
}

/** Those that may count in a namespace: its own, and those of the mesh. */
export function peerAuthenticationsFor(
  namespace: string,
  all: readonly PeerAuthentication[],
): readonly PeerAuthentication[] {
  return all.filter((one) => one.namespace === namespace || (one.namespace === ISTIO_ROOT_NAMESPACE && isWide(one)));
}

function isWide({ matchLabels }: PeerAuthentication): boolean {
  return Object.keys(matchLabels).length === 0;
}

function isInIstio({ labels }: MeshNamespace): boolean {
  const hasSidecars = labels["istio-injection"] === "enabled" || labels["istio.io/rev"] !== undefined;
  return (hasSidecars && labels["istio-injection"] !== "disabled") || labels["istio.io/dataplane-mode"] === "ambient";
}

/** Of pods before that of their namespace before that of the mesh; `UNSET` leaves it to the next. */
function strictIstio(
  namespace: string,
  labels: Readonly<Record<string, string>>,
  authentications: readonly PeerAuthentication[],
): string | undefined {
  const own = authentications.filter((one) => one.namespace === namespace);
  const inOrder = [
    own.find(
      (one) => !isWide(one) && one.mode !== "UNSET" && matchesKnown({ matchLabels: one.matchLabels }, labels) === true,
    ),
    own.find((one) => isWide(one) && one.mode !== "UNSET"),
    authentications.find((one) => one.namespace === ISTIO_ROOT_NAMESPACE && isWide(one) && one.mode !== "UNSET"),
  ];
  const counts = inOrder.find((one) => one !== undefined);
  return counts?.mode === "STRICT" ? `Istio's PeerAuthentication ${counts.namespace}/${counts.name}` : undefined;
}
