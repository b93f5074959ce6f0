import { GATEWAY_PORT, LISTEN_ANNOTATION, READY_PORT, type Service } from "../model/kinds/index.ts";
import { fingerprint } from "../model/fingerprint.ts";
import type { Problem } from "../model/problem.ts";
import {
  type ServiceKey,
  type ServicePortKey,
  serviceKey,
  serviceOf,
  servicePortKey,
  splitServicePortKey,
} from "../model/service-key.ts";
import { createdAt, type ObjectSet } from "../ports/object-store.ts";

/** Ports that are allotted to services without an annotation; below the range from which Linux takes source ports. */
const FIRST_PORT = 20_000;
const PORTS = 10_000;

const FIELD = `metadata.annotations["${LISTEN_ANNOTATION}"]`;

type ServicePort = Service["spec"]["ports"][number];

/** Ports of the gateways that no service can have, each with what it is for. */
export type ReservedPorts = ReadonlyMap<number, string>;

/**
 * Which port of the gateways a service has; stable over restarts. Allotted ones are the same in all gateways of a site
 * unless two names fall on one number: the annotation is what a client should rely on. A port that one service has
 * nobody else gets: the one that was there first keeps it.
 */
export class ListenPorts {
  readonly #allotted: Map<ServicePortKey, number>;
  readonly #saved: () => void;
  /** Who has which port by annotation. */
  readonly #annotated = new Map<ServicePortKey, number>();
  readonly #holders = new Map<number, ServicePortKey>();
  /** Who would like a port that another one has. */
  readonly #waiting = new Map<ServicePortKey, number>();
  readonly #freed = new Set<ServiceKey>();

  /** @param allotted what was allotted before; @param saved called when that changed */
  constructor(allotted: Iterable<readonly [ServicePortKey, number]>, saved: () => void) {
    this.#allotted = new Map(allotted);
    this.#saved = saved;
    for (const [key, port] of this.#allotted) this.#holders.set(port, key);
  }

  /** All allotted ports, to be kept. */
  entries(): readonly (readonly [ServicePortKey, number])[] {
    return [...this.#allotted];
  }

  /** The port of a service port, or why it has none. */
  portOf(service: Service, port: ServicePort, reserved: ReservedPorts): number | Problem {
    const key = keyOf(service, port);
    const annotation = service.metadata.annotations[LISTEN_ANNOTATION];
    if (annotation === undefined) {
      this.#giveUp(key);
      return this.#allotted.get(key) ?? this.#allot(key, reserved);
    }
    const wanted = annotated(annotation, service, port);
    if (wanted !== this.#annotated.get(key) || reserved.has(Number(wanted))) this.release(key);
    if (typeof wanted !== "number") return wanted;
    const taken = this.#takenBy(key, wanted, reserved);
    if (taken === undefined) {
      this.#annotated.set(key, wanted);
      this.#holders.set(wanted, key);
      return wanted;
    }
    this.#waiting.set(key, wanted);
    return {
      field: FIELD,
      message: `of Service ${serviceOf(key)}: port ${wanted} ${taken}`,
      remedy: `Choose another port; ${this.#freeFrom(wanted, reserved)} is free`,
    };
  }

  /** Gives back the port of a service that is gone. */
  release(key: ServicePortKey): void {
    this.#giveUp(key);
    const allotted = this.#allotted.get(key);
    if (allotted === undefined) return;
    this.#allotted.delete(key);
    this.#free(allotted);
    this.#saved();
  }

  /** Services that may get the port now that they could not have; each is told once. */
  takeFreed(): readonly ServiceKey[] {
    const freed = [...this.#freed];
    this.#freed.clear();
    return freed;
  }

  /** Gives back what the annotation gave, and waits for nothing any more. */
  #giveUp(key: ServicePortKey): void {
    this.#waiting.delete(key);
    const port = this.#annotated.get(key);
    if (port === undefined) return;
    this.#annotated.delete(key);
    this.#free(port);
  }

  #free(port: number): void {
    this.#holders.delete(port);
    for (const [key, wanted] of this.#waiting) if (wanted === port) this.#freed.add(serviceOf(key));
  }

  #takenBy(key: ServicePortKey, port: number, reserved: ReservedPorts): string | undefined {
    const use = reserved.get(port);
    if (use !== undefined) return `is the gateways' own, ${use}`;
    const holder = this.#holders.get(port);
    if (holder === undefined || holder === key) return undefined;
    return `is taken by port ${splitServicePortKey(holder).port} of Service ${serviceOf(holder)}, which keeps it`;
  }

  #freeFrom(port: number, reserved: ReservedPorts): number {
    let free = port;
    while (this.#holders.has(free) || reserved.has(free)) free = free === 65_535 ? 1_024 : free + 1;
    return free;
  }

  #allot(key: ServicePortKey, reserved: ReservedPorts): number | Problem {
    if (this.#allotted.size >= PORTS) return noneLeft(key);
    const first = FIRST_PORT + (fingerprint(key) % PORTS);
    let port = first;
    while (this.#holders.has(port) || reserved.has(port)) {
      port = FIRST_PORT + ((port - FIRST_PORT + 1) % PORTS);
      if (port === first) return noneLeft(key);
    }
    this.#allotted.set(key, port);
    this.#holders.set(port, key);
    this.#saved();
    return port;
  }
}

/** The ports of a site's gateways: of the site named, or of all when it is not known which is the own one. */
export function reservedPorts(objects: ObjectSet, site: string | undefined): ReservedPorts {
  const sites = objects.sites().filter(({ metadata }) => site === undefined || metadata.name === site);
  const ports = sites.flatMap(({ spec }) => spec.gateways.map((gateway) => gateway.port));
  return new Map([
    ...(ports.length === 0 ? [GATEWAY_PORT] : ports).map((port) => [port, "for other sites"] as const),
    [READY_PORT, "for readiness"],
  ]);
}

/**
 * Services that a policy targets in the order in which they get their ports while none has one, the same in all gateways
 * of a site: those with an annotation first, since the others can have any; then those created first, then by name.
 */
export function inOrderOfPorts(objects: ObjectSet): readonly ServiceKey[] {
  return objects
    .targetedServices()
    .map((key) => {
      const service = objects.service(key);
      const annotation = service?.metadata.annotations[LISTEN_ANNOTATION];
      return { key, any: annotation === undefined, at: service === undefined ? Infinity : createdAt(service) };
    })
    .toSorted((left, right) => {
      if (left.any !== right.any) return left.any ? 1 : -1;
      if (left.at !== right.at) return left.at < right.at ? -1 : 1;
      return left.key < right.key ? -1 : 1;
    })
    .map(({ key }) => key);
}

/** Listen annotations of one site that cannot be in force, as gateways find them when nobody has a port yet. */
export function auditListenPorts(objects: ObjectSet): readonly Problem[] {
  const names = objects.sites().map(({ metadata }) => metadata.name);
  const own = names.length === 1 ? names[0] : undefined;
  const reserved = reservedPorts(objects, own);
  const ports = new ListenPorts([], () => {});
  return inOrderOfPorts(objects).flatMap((key) => {
    const service = objects.service(key);
    const listed = objects.policyOf(key)?.spec.sites.some(({ name }) => own === undefined || name === own) ?? false;
    if (!listed || service?.metadata.annotations[LISTEN_ANNOTATION] === undefined) return [];
    return service.spec.ports.flatMap((port) => {
      const found = ports.portOf(service, port, reserved);
      return typeof found === "number" ? [] : [{ ...objects.placeOf(service), ...found }];
    });
  });
}

function keyOf(service: Service, port: ServicePort): ServicePortKey {
  return servicePortKey(serviceKey(service.metadata.namespace, service.metadata.name), port.port);
}

function noneLeft(key: ServicePortKey): Problem {
  return {
    message: `${key} gets no port: all ${PORTS} that can be allotted are taken`,
    remedy: `Choose one with the annotation ${LISTEN_ANNOTATION}`,
  };
}

function annotated(annotation: string, service: Service, port: ServicePort): number | Problem {
  const name = `Service ${serviceKey(service.metadata.namespace, service.metadata.name)}`;
  const parts = annotation.split(",").map((part) => part.trim());
  const bare = parts.length === 1 && service.spec.ports.length === 1 ? parts[0] : undefined;
  const named = parts.find((part) => part.startsWith(`${port.name ?? port.port}=`))?.split("=")[1];
  const text = named ?? bare;
  if (text === undefined)
    return {
      field: FIELD,
      message: `of ${name} says nothing of port ${port.name ?? port.port}`,
      remedy: `Write for example ${port.name ?? port.port}=10080`,
    };
  const number = Number(text);
  if (Number.isInteger(number) && number >= 1 && number <= 65_535) return number;
  return {
    field: FIELD,
    message: `of ${name}: ${JSON.stringify(text)} is not a port`,
    remedy: "Write a number from 1 to 65535",
  };
}
