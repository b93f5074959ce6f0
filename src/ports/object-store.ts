import type { EndpointSlice, FailoverPolicy, KindObject, Service, Site, Switch } from "../model/kinds/index.ts";
import type { Problem } from "../model/problem.ts";
import type { ServiceKey } from "../model/service-key.ts";
import { parseTimestamp } from "../model/timestamp.ts";

/** What changed: "look again", never what it was. */
export interface ObjectChanges {
  readonly services: ReadonlySet<ServiceKey>;
  /** Sites or their addresses changed: every service has to be looked at again. */
  readonly sites: boolean;
}

/** Where an object stands: nothing for objects that are not of a file. */
export type Place = Pick<Problem, "file" | "line">;

/** The objects of one site that count. Reads are from memory. */
export interface ObjectSet {
  /**
   * The policy that targets a Service. Of several the one that is in force already; at the start the one created first,
   * or the first by place.
   */
  policyOf(service: ServiceKey): FailoverPolicy | undefined;
  policies(): readonly FailoverPolicy[];
  /** By `namespace/name`. */
  policy(key: string): FailoverPolicy | undefined;
  service(key: ServiceKey): Service | undefined;
  services(): readonly Service[];
  slicesOf(service: ServiceKey): readonly EndpointSlice[];
  /** Each with the time at which it was ordered. */
  switchesOf(service: ServiceKey): readonly Switch[];
  switches(): readonly Switch[];
  site(name: string): Site | undefined;
  sites(): readonly Site[];
  /** Services that a policy targets, whether they exist or not. */
  targetedServices(): readonly ServiceKey[];
  placeOf(object: KindObject): Place;
}

/** The objects of one site, wherever they are kept, followed as they change. */
export interface ObjectStore extends ObjectSet {
  /** What is wrong in the objects, with its place; the last good content of those stays in force. */
  problems(): readonly Problem[];
  /** Calls `listener` after each change, also of problems alone, until the returned function is called. */
  onChange(listener: (changes: ObjectChanges) => void): () => void;
}

/** The store of a running process. */
export interface OpenableStore extends ObjectStore {
  /** How a person names the place where the objects are: a directory, or an API server. */
  readonly place: string;
  /** A command that shows a person what is wrong there. */
  readonly inspection: string;
  /** Whether a Site of another name lets that site in. Where it does not, sites that join tell of themselves. */
  readonly sitesAreMembers: boolean;
  /** Follows, and is fulfilled once everything has been read. */
  open(): Promise<void>;
  /** Follows no more. */
  close(): void;
}

/** When an object was created, by its `creationTimestamp`, in Unix milliseconds; infinite when it does not say. */
export function createdAt({ metadata }: KindObject): number {
  return parseTimestamp(metadata["creationTimestamp"]) ?? Number.POSITIVE_INFINITY;
}
