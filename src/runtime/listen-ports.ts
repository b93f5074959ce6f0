import { LISTEN_ANNOTATION, type Service } from "../model/kinds/index.ts";
import type { Problem } from "../model/problem.ts";
import { type ServicePortKey, serviceKey, servicePortKey } from "../model/service-key.ts";

/** Ports that are allotted to services without an annotation; below the range from which Linux takes source ports. */
const FIRST_PORT = 20_000;
const PORTS = 10_000;

/**
 * Which port of the gateways a service has; stable over restarts. Allotted ones are the same in all gateways of a site
 * unless two names fall on one number: the annotation is what a client should rely on.
 */
export class ListenPorts {
  readonly #allotted: Map<ServicePortKey, number>;
  readonly #saved: () => void;

  /** @param allotted what was allotted before; @param saved called when that changed */
  constructor(allotted: Iterable<readonly [ServicePortKey, number]>, saved: () => void) {
    this.#allotted = new Map(allotted);
    this.#saved = saved;
  }

  /** All allotted ports, to be kept. */
  entries(): readonly (readonly [ServicePortKey, number])[] {
    return [...this.#allotted];
  }

  /** The port of a service port, or why it has none. */
  portOf(service: Service, port: Service["spec"]["ports"][number]): number | Problem {
    const key = servicePortKey(serviceKey(service.metadata.namespace, service.metadata.name), port.port);
    const annotation = service.metadata.annotations[LISTEN_ANNOTATION];
    if (annotation === undefined) return this.#allotted.get(key) ?? this.#allot(key);
    this.release(key);
    return annotated(annotation, service, port);
  }

  /** Gives back the port of a service that is gone. */
  release(key: ServicePortKey): void {
    if (this.#allotted.delete(key)) this.#saved();
  }

  #allot(key: ServicePortKey): number | Problem {
    const taken = new Set(this.#allotted.values());
    if (taken.size >= PORTS)
      return {
        message: `${key} gets no port: all ${PORTS} that can be allotted are taken`,
        remedy: `Choose one with the annotation ${LISTEN_ANNOTATION}`,
      };
    let port = FIRST_PORT + (hash(key) % PORTS);
    while (taken.has(port)) port = FIRST_PORT + ((port - FIRST_PORT + 1) % PORTS);
    this.#allotted.set(key, port);
    this.#saved();
    return port;
  }
}

function annotated(annotation: string, service: Service, port: Service["spec"]["ports"][number]): number | Problem {
  const name = `Service ${serviceKey(service.metadata.namespace, service.metadata.name)}`;
  const parts = annotation.split(",").map((part) => part.trim());
  const field = `metadata.annotations["${LISTEN_ANNOTATION}"]`;
  const bare = parts.length === 1 && service.spec.ports.length === 1 ? parts[0] : undefined;
  const named = parts.find((part) => part.startsWith(`${port.name ?? port.port}=`))?.split("=")[1];
  const text = named ?? bare;
  if (text === undefined)
    return {
      field,
      message: `of ${name} says nothing of port ${port.name ?? port.port}`,
      remedy: `Write for example ${port.name ?? port.port}=10080`,
    };
  const number = Number(text);
  if (Number.isInteger(number) && number >= 1 && number <= 65_535) return number;
  return {
    field,
    message: `of ${name}: ${JSON.stringify(text)} is not a port`,
    remedy: "Write a number from 1 to 65535",
  };
}

/** FNV-1a, 32 bit: the same everywhere, so gateways that never talked to each other agree. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1)
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193) >>> 0;
  return value;
}
