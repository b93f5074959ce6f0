/**
 * Gathers what is known of one port of one service.
 * @module
 */
import { type EndpointSlice, type FailoverPolicy, HealthCheck, type Service } from "../model/kinds/index.ts";
import { CHECK_ANNOTATION, RELEASED_ANNOTATION } from "../model/origin.ts";
import type { Problem } from "../model/problem.ts";
import { type ServiceKey, serviceKey, servicePortKey } from "../model/service-key.ts";
import {
  type ActiveSwitch,
  endpointKey,
  type LocalEndpoint,
  type PeerSite,
  type ServiceView,
} from "../model/service-view.ts";
import type { Clock } from "../ports/clock.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import type { GatewayContext, MemoryStore, GatewayDirectory } from "./gateway-context.ts";
import type { HealthTable } from "./health-table.ts";
import { type ListenPorts, reservedPorts } from "./listen-ports.ts";
import type { PeerKnowledge } from "./peer-knowledge.ts";

/** Where views come from. */
export interface ViewSources {
  readonly context: GatewayContext;
  readonly store: ObjectStore;
  readonly sites: GatewayDirectory;
  readonly knowledge: PeerKnowledge;
  readonly health: HealthTable;
  readonly memory: MemoryStore;
  readonly listenPorts: ListenPorts;
  readonly clock: Clock;
}

/** A view, and what was wrong on the way to it. */
export interface BuiltView {
  readonly view: ServiceView;
  readonly problems: readonly Problem[];
}

type ServicePort = Service["spec"]["ports"][number];

/** Views of all ports of a Service; empty when no policy targets it or it does not exist. */
export function buildViews(sources: ViewSources, key: ServiceKey): readonly BuiltView[] {
  const policy = sources.store.policyOf(key);
  const service = sources.store.service(key);
  if (policy === undefined || service === undefined) return [];
  const checked = withCheck(policy, service);
  return service.spec.ports.map((port) => buildView(sources, { policy: checked, service, port }));
}

/** A policy without a check of its own has that of its Service's pods, as far as somebody has found it out. */
function withCheck(policy: FailoverPolicy, service: Service): FailoverPolicy {
  const found = service.metadata.annotations[CHECK_ANNOTATION];
  if (policy.spec.healthCheck !== undefined || found === undefined) return policy;
  const healthCheck = HealthCheck.safeParse(parsedJson(found)).data;
  return healthCheck === undefined ? policy : { ...policy, spec: { ...policy.spec, healthCheck } };
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function buildView(
  sources: ViewSources,
  target: { readonly policy: FailoverPolicy; readonly service: Service; readonly port: ServicePort },
): BuiltView {
  const { policy, service, port } = target;
  const { context, knowledge } = sources;
  const key = serviceKey(service.metadata.namespace, service.metadata.name);
  const portKey = servicePortKey(key, port.port);
  const problems: Problem[] = [];
  const listed = policy.spec.sites.some((site) => site.name === context.site);
  const listen = listed
    ? sources.listenPorts.portOf(service, port, reservedPorts(sources.store, context.site))
    : undefined;
  if (!listed) sources.listenPorts.release(portKey);
  if (typeof listen === "object") problems.push({ ...sources.store.placeOf(service), ...listen });
  const local = localEndpoints(sources, target, problems);
  const { address, otherAddresses } = sources.sites.ownGateway() ?? {};
  const now = sources.clock.now();
  return {
    problems,
    view: {
      service: portKey,
      site: context.site,
      policy: policy.spec,
      appProtocol: port.appProtocol,
      listen:
        typeof listen === "number" && address !== undefined
          ? { address, port: listen, ...(otherAddresses === undefined ? {} : { otherAddresses }) }
          : undefined,
      leaving: service.metadata.annotations[RELEASED_ANNOTATION] !== undefined,
      local: listed ? local : [],
      peers: policy.spec.sites.flatMap((site) => peerSite(sources, site.name, key)),
      health: sources.health.of(portKey),
      memory: sources.memory.get(portKey),
      siblingHolds: knowledge.siblingHolds(portKey),
      activeSwitch: activeSwitch(sources, key, now),
      judges: sources.sites.ownGateways(),
      firstTroubleAt: sources.health.firstTroubleAt(portKey),
      now,
    },
  };
}

function peerSite(sources: ViewSources, name: string, service: ServiceKey): PeerSite[] {
  if (name === sources.context.site) return [];
  const gateways = sources.sites.gatewaysOf(name);
  return gateways === undefined ? [] : [{ name, gateways, offers: sources.knowledge.offers(name, service) }];
}

function activeSwitch(sources: ViewSources, service: ServiceKey, now: number): ActiveSwitch | undefined {
  const ordered = sources.knowledge.switchOf(service, now);
  if (ordered === undefined) return undefined;
  const { to, reason, until, origin, manifest } = ordered;
  return {
    to,
    reason,
    origin,
    ...(until === undefined ? {} : { until }),
    ...(manifest === undefined ? {} : { manifest }),
  };
}

function localEndpoints(
  sources: ViewSources,
  target: { readonly policy: FailoverPolicy; readonly service: Service; readonly port: ServicePort },
  problems: Problem[],
): LocalEndpoint[] {
  const key = serviceKey(target.service.metadata.namespace, target.service.metadata.name);
  const endpoints = new Map<string, LocalEndpoint>();
  for (const slice of sources.store.slicesOf(key)) {
    const port = slicePort(slice, target.port);
    if (port === undefined) continue;
    const checkPort = checkedPort(slice, target.policy, (problem) =>
      problems.push({ ...sources.store.placeOf(target.policy), ...problem }),
    );
    for (const endpoint of slice.endpoints) {
      const [address] = endpoint.addresses;
      if (address === undefined) continue;
      if (sources.sites.isGatewayAddress(address, port)) {
        problems.push({
          ...sources.store.placeOf(slice),
          message: `endpoint ${endpointKey(address, port)} of ${key} is a gateway's own address and is left out`,
          remedy: "List the pods themselves in the EndpointSlice",
        });
        continue;
      }
      const ready = endpoint.conditions.ready !== false && endpoint.conditions.terminating !== true;
      endpoints.set(endpointKey(address, port), {
        address,
        port,
        ready,
        ...(checkPort === undefined || checkPort === port ? {} : { checkPort }),
      });
    }
  }
  return [...endpoints.values()];
}

/** A slice's port belongs to the Service port with the same name; unnamed ones belong together. */
function slicePort(slice: EndpointSlice, port: ServicePort): number | undefined {
  return slice.ports.find((candidate) => (candidate.name ?? "") === (port.name ?? ""))?.port;
}

function checkedPort(
  slice: EndpointSlice,
  policy: FailoverPolicy,
  found: (problem: Problem) => void,
): number | undefined {
  const check = policy.spec.healthCheck;
  const asked = check?.http?.port ?? check?.tcp?.port;
  if (asked === undefined) return undefined;
  if (typeof asked === "number") return asked;
  const port = slice.ports.find((candidate) => candidate.name === asked)?.port;
  if (port === undefined) {
    const names = slice.ports.flatMap((candidate) => (candidate.name === undefined ? [] : [candidate.name]));
    found({
      field: check?.http === undefined ? "spec.healthCheck.tcp.port" : "spec.healthCheck.http.port",
      message: `EndpointSlice ${slice.metadata.namespace}/${slice.metadata.name} has no port named ${JSON.stringify(asked)}: the served port is checked instead`,
      remedy: names.length === 0 ? "Give the port's number" : `Use one of ${names.join(", ")}`,
    });
  }
  return port;
}
