import type { ClusterService, ServiceSurroundings, TakeoverRefusal } from "../../model/takeover.ts";

/** Annotation of a Service with the reasons, separated by commas, for which it is not to be left alone. */
export const ALLOW_ANNOTATION = "tandem.dev/allow";

/** Why a Service is of a sort that cannot be switched, or not without changing what its users rely on; none: it can. */
export function refusalsOf(
  service: ClusterService,
  original: Readonly<Record<string, string>>,
  surroundings: ServiceSurroundings | undefined,
): readonly TakeoverRefusal[] {
  const allowed = new Set((service.metadata.annotations[ALLOW_ANNOTATION] ?? "").split(",").map((part) => part.trim()));
  const sorts = SORTS.filter((sort) => sort.is(service, original)).map(({ reason, message, allowable }) => ({
    reason,
    message,
    allowable,
  }));
  // Without a selector no pods are known that anything could stand around.
  const around = Object.keys(original).length === 0 ? [] : refusalsBy(surroundings);
  return [...sorts, ...around].filter(({ reason, allowable }) => !allowable || !allowed.has(reason));
}

function refusalsBy({ restrictedBy, strictMesh }: ServiceSurroundings = NOTHING): readonly TakeoverRefusal[] {
  const policies = restrictedBy.join(", ");
  return [
    ...(restrictedBy.length === 0
      ? []
      : [
          {
            reason: "NetworkPolicy",
            message: `has pods that not everybody may come to (NetworkPolicy ${policies}): whoever comes through a gateway would be past that`,
            allowable: true,
          },
        ]),
    ...(strictMesh === undefined
      ? []
      : [
          {
            reason: "StrictMeshMtls",
            message: `has pods that refuse whoever is not in the mesh (${strictMesh}), and gateways are not`,
            allowable: true,
          },
        ]),
  ];
}

const NOTHING: ServiceSurroundings = { restrictedBy: [], strictMesh: undefined };

interface Sort extends TakeoverRefusal {
  is(service: ClusterService, original: Readonly<Record<string, string>>): boolean;
}

const SORTS: readonly Sort[] = [
  {
    reason: "ExternalName",
    message: "is of type ExternalName: there is no address to switch",
    allowable: false,
    is: ({ spec }) => spec.type === "ExternalName",
  },
  {
    reason: "Headless",
    message: "is headless: its clients find the pods by name, and no address stands between",
    allowable: false,
    is: ({ spec }) => spec.type !== "ExternalName" && spec.clusterIP === "None",
  },
  {
    reason: "Selectorless",
    message: "has no selector: its endpoints are kept by somebody else",
    allowable: false,
    is: ({ spec }, original) => spec.type !== "ExternalName" && Object.keys(original).length === 0,
  },
  {
    reason: "NotTcp",
    message: "has a port that is not TCP, which gateways do not carry",
    allowable: false,
    is: ({ spec }) => spec.ports.some(({ protocol }) => protocol !== "TCP"),
  },
  {
    reason: "InternalTrafficPolicyLocal",
    message: "has internalTrafficPolicy: Local, which would find a gateway on a few nodes only",
    allowable: true,
    is: ({ spec }) => spec.internalTrafficPolicy === "Local",
  },
  {
    reason: "ExternalTrafficPolicyLocal",
    message: "has externalTrafficPolicy: Local, which keeps the client's address; a gateway does not",
    allowable: true,
    is: ({ spec }) => spec.type !== "ClusterIP" && spec.externalTrafficPolicy === "Local",
  },
  {
    reason: "SessionAffinity",
    message: "has sessionAffinity: ClientIP, which ends at the gateway and not at a pod",
    allowable: true,
    is: ({ spec }) => spec.sessionAffinity === "ClientIP",
  },
];

/** All reasons that there are. */
export const REFUSAL_REASONS: readonly string[] = [
  ...SORTS.map(({ reason }) => reason),
  "NetworkPolicy",
  "StrictMeshMtls",
];
