/**
 * What the agent keeps over restarts, gathered from where it lives and written as one file.
 * @module
 */
import {
  type AgentMemory,
  EMPTY_MEMORY,
  formatMemory,
  MEMORY_FORMAT,
  parseMemory,
} from "../../adapters/state/agent-memory.ts";
import { SavedFile } from "../../adapters/state/saved-file.ts";
import type { ServicePortKey } from "../../model/service-key.ts";
import type { ServiceMemory } from "../../model/service-view.ts";
import type { Logger } from "../../ports/logger.ts";
import type { MemoryStore } from "../../runtime/gateway-context.ts";

const FRESH: ServiceMemory = { holds: {} };

/** The agent's memory file. */
export class Remembered implements MemoryStore {
  readonly #file: SavedFile;
  readonly #services = new Map<ServicePortKey, ServiceMemory>();
  #others: () => Omit<AgentMemory, "services"> = () => EMPTY_MEMORY;

  constructor(path: string, log: Logger) {
    this.#file = new SavedFile(path, MEMORY_FORMAT, (error) =>
      log.error("memory_not_written", { error: String(error) }),
    );
  }

  /** Reads it; a damaged one is set aside and said: sites then have to join again. */
  async restore(log: Logger): Promise<AgentMemory> {
    const loaded = await this.#file.load();
    if (loaded.found === "damaged") log.warn("memory_set_aside", { path: loaded.setAside, reason: loaded.reason });
    const memory = loaded.found === "content" ? parseMemory(loaded.body) : EMPTY_MEMORY;
    for (const [service, remembered] of memory.services) this.#services.set(service, remembered);
    return memory;
  }

  /** Where the parts that this class does not hold are read from when the file is written. */
  gatherFrom(others: () => Omit<AgentMemory, "services">): void {
    this.#others = others;
  }

  get(service: ServicePortKey): ServiceMemory {
    return this.#services.get(service) ?? FRESH;
  }

  set(service: ServicePortKey, memory: ServiceMemory): void {
    this.#services.set(service, memory);
    this.save();
  }

  delete(service: ServicePortKey): void {
    if (this.#services.delete(service)) this.save();
  }

  /** Writes soon. */
  save(): void {
    this.#file.save(() => formatMemory({ ...this.#others(), services: [...this.#services] }));
  }

  /** Writes now. */
  async flush(): Promise<void> {
    await this.#file.flush();
  }
}
