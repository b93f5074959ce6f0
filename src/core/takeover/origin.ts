import { CHECK_ANNOTATION, ORIGIN_LABEL, RELEASED_ANNOTATION } from "../../model/origin.ts";
import { LISTEN_ANNOTATION } from "../../model/kinds/index.ts";
import type { ClusterService, TakeoverObject, TakeoverView } from "../../model/takeover.ts";
import { ownedBy, PART_OF } from "./marks.ts";
import { shortName } from "./short-name.ts";
import type { Selector } from "./selector.ts";

/** The name of a Service's origin. */
export function originName(service: string): string {
  return shortName(service, "origin");
}

/**
 * The origin that a Service should have: its content if there is none, else what a change of it is worked out from.
 * @param original the Service's own selector
 */
export function originOf(
  service: ClusterService,
  original: Selector,
  { origin: existing, listenPorts, check, policy }: Pick<TakeoverView, "origin" | "listenPorts" | "check" | "policy">,
): TakeoverObject {
  const isReleased = existing?.metadata.annotations[RELEASED_ANNOTATION] !== undefined;
  const { name, namespace } = service.metadata;
  const { ports, ipFamilies, ipFamilyPolicy, publishNotReadyAddresses } = service.spec;
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: {
      name: originName(name),
      namespace,
      labels: { ...PART_OF, [ORIGIN_LABEL]: name },
      annotations: {
        [LISTEN_ANNOTATION]: formatListenPorts(ports, listenPorts),
        ...(isReleased ? { [RELEASED_ANNOTATION]: null } : {}),
        // What is not known yet leaves what was.
        ...(check === undefined || check === null ? {} : { [CHECK_ANNOTATION]: JSON.stringify(check) }),
        ...((policy?.hasCheck === true || check === null) &&
        existing?.metadata.annotations[CHECK_ANNOTATION] !== undefined
          ? { [CHECK_ANNOTATION]: null }
          : {}),
      },
      ownerReferences: [ownedBy(service)],
    },
    spec: {
      clusterIP: "None",
      selector: original,
      ports: ports.map(({ name: portName, port, protocol, targetPort, appProtocol }) => ({
        ...(portName === "" ? {} : { name: portName }),
        port,
        protocol,
        ...(targetPort === undefined ? {} : { targetPort }),
        ...(appProtocol === undefined || appProtocol === null ? {} : { appProtocol }),
      })),
      ipFamilies,
      ...(ipFamilyPolicy === undefined ? {} : { ipFamilyPolicy }),
      ...(publishNotReadyAddresses ? { publishNotReadyAddresses } : {}),
    },
  };
}

function formatListenPorts(ports: ClusterService["spec"]["ports"], listenPorts: ReadonlyMap<number, number>): string {
  return ports
    .flatMap(({ name, port }) => {
      const listen = listenPorts.get(port);
      return listen === undefined ? [] : [`${name === "" ? port : name}=${listen}`];
    })
    .join(",");
}
