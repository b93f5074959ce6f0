/**
 * What an agent keeps over restarts besides its snapshot: decisions about services, allotted ports, switches, members.
 * @module
 */
import { z } from "zod";
import { SiteRecord, SwitchRecord } from "../../model/catalog.ts";
import type { ServicePortKey } from "../../model/service-key.ts";
import type { ServiceMemory } from "../../model/service-view.ts";

/** Format of the file. */
export const MEMORY_FORMAT = "tandem-memory/1";

const Memory = z.object({
  services: z.array(
    z.tuple([
      z.string(),
      z.custom<ServiceMemory>((value) => typeof value === "object" && value !== null && "holds" in value),
    ]),
  ),
  listenPorts: z.array(z.tuple([z.string(), z.number()])),
  switches: z.array(SwitchRecord),
  members: z.array(SiteRecord),
});

/** The whole content. */
export interface AgentMemory {
  readonly services: readonly (readonly [ServicePortKey, ServiceMemory])[];
  readonly listenPorts: readonly (readonly [ServicePortKey, number])[];
  readonly switches: readonly SwitchRecord[];
  readonly members: readonly SiteRecord[];
}

/** Nothing remembered. */
export const EMPTY_MEMORY: AgentMemory = { services: [], listenPorts: [], switches: [], members: [] };

/** Reads a body of {@link MEMORY_FORMAT}. */
export function parseMemory(body: string): AgentMemory {
  return Memory.parse(JSON.parse(body)) as AgentMemory;
}

/** Writes one. */
export function formatMemory(memory: AgentMemory): string {
  return JSON.stringify(memory);
}
