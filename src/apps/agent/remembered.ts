/**
 * What the agent keeps over restarts, gathered from where it lives.
 * @module
 */
import { type AgentMemory, MemoryFiles, type MemoryPart } from "../../adapters/state/memory-parts.ts";
import type { ServicePortKey } from "../../model/service-key.ts";
import type { ServiceMemory } from "../../model/service-view.ts";
import type { Logger } from "../../ports/logger.ts";
import type { MemoryStore } from "../../runtime/gateway-context.ts";

const FRESH: ServiceMemory = { holds: {} };

/** Parts that others hold. */
type OtherPart = Exclude<MemoryPart, "decisions">;

/** The agent's memory. It holds the decisions about services itself. */
export class Remembered implements MemoryStore {
  readonly #files: MemoryFiles;
  readonly #log: Logger;
  readonly #decisions = new Map<ServicePortKey, ServiceMemory>();

  /** @param others where the parts that this class does not hold are read from when they are written */
  constructor(directory: string, others: { readonly [P in OtherPart]: () => AgentMemory[P] }, log: Logger) {
    this.#log = log;
    this.#files = new MemoryFiles(directory, { ...others, decisions: () => [...this.#decisions] }, (error) =>
      log.error("memory_not_written", { error: String(error) }),
    );
  }

  /** Reads it; a damaged part is set aside and said, with what to do. */
  async restore(): Promise<AgentMemory> {
    const { memory, lost } = await this.#files.load();
    for (const { setAside, reason, remedy } of lost)
      this.#log.warn("memory_set_aside", { path: setAside, reason, remedy });
    for (const [service, decided] of memory.decisions) this.#decisions.set(service, decided);
    return memory;
  }

  get(service: ServicePortKey): ServiceMemory {
    return this.#decisions.get(service) ?? FRESH;
  }

  set(service: ServicePortKey, memory: ServiceMemory): void {
    this.#decisions.set(service, memory);
    this.#files.save("decisions");
  }

  delete(service: ServicePortKey): void {
    if (this.#decisions.delete(service)) this.#files.save("decisions");
  }

  /** Writes a part that others hold soon. */
  save(part: OtherPart): void {
    this.#files.save(part);
  }

  /** Writes a part that others hold now. Says whether it will be there after a restart. */
  keep(part: OtherPart): Promise<boolean> {
    return this.#files.write(part);
  }

  /** Writes now what is waiting. */
  async flush(): Promise<void> {
    await this.#files.flush();
  }
}
