import { refusalsOf, ALLOW_ANNOTATION } from "../../../core/takeover/refusals.ts";
import type { Problem } from "../../../model/problem.ts";
import type { ClusterService, ServiceSurroundings } from "../../../model/takeover.ts";
import type { PolicyTargets } from "./pause-policies.ts";
import type { PolicyOrder } from "./policy-order.ts";
import { splitKey } from "./service-traces.ts";

/** What a cluster has that a policy is about. */
export interface PolicySurroundings {
  readonly service: ClusterService | undefined;
  /** What stands between its pods and those who come to them. */
  readonly around: ServiceSurroundings;
  /** Of the Service's namespace. */
  readonly policies: readonly PolicyTargets[];
  /** Names of the Sites that the cluster knows; none where it says nothing of them. */
  readonly sites: readonly string[];
}

/** Why a Service cannot be protected as was asked; none: it can. */
export function protectionProblems(
  order: PolicyOrder,
  { service, around, policies, sites }: PolicySurroundings,
): readonly Problem[] {
  const { service: key } = order;
  const [namespace, name] = splitKey(key);
  const field = `Service ${key}`;
  const others = policies.filter((policy) => policy.services.includes(key) && policy.name !== name);
  const own = sites.length > 0 && !sites.some((site) => order.sites.includes(site));
  return [
    ...(service === undefined
      ? [{ field, message: "is not there", remedy: `Look at kubectl get services -n ${namespace}, or create it first` }]
      : [...refused(field, service, around), ...unknownPort(order, service)]),
    ...others.map((other) => ({
      field,
      message: `has a policy already: FailoverPolicy ${other.namespace}/${other.name}`,
      remedy: `Change that one, or delete it: kubectl delete failoverpolicies ${other.name} -n ${other.namespace}`,
    })),
    ...(own
      ? [
          {
            field: "--site",
            message: `names no site that this cluster is: it is ${sites.join(", ")}`,
            remedy: `Add --site ${sites[0] ?? ""}: a site that is not listed serves nothing and calls nobody`,
          },
        ]
      : []),
  ];
}

function refused(field: string, service: ClusterService, around: ServiceSurroundings): readonly Problem[] {
  const { name, namespace, annotations } = service.metadata;
  const before = annotations[ALLOW_ANNOTATION];
  return refusalsOf(service, service.spec.selector ?? {}, around).map(({ reason, message, allowable }) => {
    const allowed = before === undefined ? reason : `${before},${reason}`;
    return {
      field,
      message: `${reason}: it ${message}`,
      remedy: allowable
        ? `If that may be: kubectl annotate service ${name} -n ${namespace} --overwrite ${ALLOW_ANNOTATION}=${allowed}`
        : "Such a Service cannot be switched: protect the one that its clients use instead",
    };
  });
}

/** A check of a port that endpoints do not have would never pass. */
function unknownPort({ checkPort }: PolicyOrder, { spec }: ClusterService): readonly Problem[] {
  if (checkPort === undefined || /^\d+$/.test(checkPort)) return [];
  const names = spec.ports.map(({ name }) => name).filter((name) => name !== "");
  if (names.includes(checkPort)) return [];
  return [
    {
      field: "--check-port",
      message: `the Service has no port named ${checkPort}`,
      remedy: names.length === 0 ? "Give the pods' port as a number" : `Use one of ${names.join(", ")}, or a number`,
    },
  ];
}
