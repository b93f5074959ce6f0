import type { EndpointSlice, FailoverPolicy, Service, Site, Switch } from "../model/kinds/index.ts";
import type { Problem } from "../model/problem.ts";
import type { ServiceKey } from "../model/service-key.ts";

/** What changed: "look again", never what it was. */
export interface ObjectChanges {
  readonly services: ReadonlySet<ServiceKey>;
  /** Sites or their addresses changed: every service has to be looked at again. */
  readonly sites: boolean;
}

/** The objects of one site, wherever they are kept. Reads are from memory. */
export interface ObjectStore {
  /** The policy that targets a Service; with several, the one first in order of namespace/name. */
  policyOf(service: ServiceKey): FailoverPolicy | undefined;
  service(key: ServiceKey): Service | undefined;
  slicesOf(service: ServiceKey): readonly EndpointSlice[];
  /** Each with the time at which it was ordered. */
  switchesOf(service: ServiceKey): readonly Switch[];
  site(name: string): Site | undefined;
  sites(): readonly Site[];
  /** Services that a policy targets, whether they exist or not. */
  targetedServices(): readonly ServiceKey[];
  /** What is wrong in the objects, with its place; the last good content of those stays in force. */
  problems(): readonly Problem[];
  /** Calls `listener` after each change, also of problems alone, until the returned function is called. */
  onChange(listener: (changes: ObjectChanges) => void): () => void;
}
