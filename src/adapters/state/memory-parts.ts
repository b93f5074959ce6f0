/**
 * What an agent keeps over restarts besides its snapshot: a file for each part, so that damage to one costs only that one.
 * @module
 */
import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { SiteRecord, SwitchRecord } from "../../model/catalog.ts";
import type { ServicePortKey } from "../../model/service-key.ts";
import { LOSS_TRIGGERS, type ServiceMemory } from "../../model/service-view.ts";
import { SavedFile } from "./saved-file.ts";

/** The whole content. */
export interface AgentMemory {
  /** What was decided about services: holds, who serves since when. */
  readonly decisions: readonly (readonly [ServicePortKey, ServiceMemory])[];
  readonly listenPorts: readonly (readonly [ServicePortKey, number])[];
  readonly switches: readonly SwitchRecord[];
  readonly members: readonly SiteRecord[];
  /** Last answers of DNS for gateways that are given by name. */
  readonly addresses: readonly (readonly [name: string, address: string])[];
}

/** Name of a part, and of its file. */
export type MemoryPart = keyof AgentMemory;

const FORMAT = "tandem-memory/1";

const time = z.number();

const ServiceMemorySchema = z.object({
  checkPassed: z.string().optional(),
  allFailSince: time.optional(),
  holds: z.record(z.string(), z.object({ trigger: z.enum(LOSS_TRIGGERS), since: time, goodSince: time.optional() })),
  serving: z.object({ site: z.string(), since: time }).optional(),
  switchedTo: z.string().optional(),
  exceededSince: time.optional(),
  hedgingRestsUntil: time.optional(),
  lastFailover: z
    .object({
      at: time,
      from: z.string(),
      to: z.string(),
      trigger: z.enum([...LOSS_TRIGGERS, "Switch", "Failback"]),
      detectionMs: z.number().optional(),
    })
    .optional(),
}) satisfies z.ZodObject<Record<keyof ServiceMemory, z.ZodType>>;

const SCHEMAS = {
  decisions: z.array(z.tuple([z.string(), ServiceMemorySchema])),
  listenPorts: z.array(z.tuple([z.string(), z.number()])),
  switches: z.array(SwitchRecord),
  members: z.array(SiteRecord),
  addresses: z.array(z.tuple([z.string(), z.string()])),
} satisfies Record<MemoryPart, z.ZodType>;

/** What has to be done once a part is lost. */
const REMEDIES: Readonly<Record<MemoryPart, string>> = {
  decisions: "Nothing: services may go back to their first site before holdDown is over",
  listenPorts:
    "Nothing: ports are allotted anew; clients of services without the annotation tandem.dev/listen ask `tandem status` for them",
  switches: "Give orders that still matter again with `tandem switch`",
  members: "Nothing while a sibling gateway runs, which tells who takes part; else join the other sites again",
  addresses: "Nothing: names of gateways are looked up again",
};

/** A part that could not be read. */
export interface LostPart {
  readonly setAside: string;
  readonly reason: string;
  readonly remedy: string;
}

/** The files of all parts in one directory. */
export class MemoryFiles {
  readonly #directory: string;
  readonly #files: Readonly<Record<MemoryPart, SavedFile>>;
  readonly #content: { readonly [P in MemoryPart]: () => AgentMemory[P] };

  /**
   * @param content asked for a part when its file is written
   * @param failed told when a write fails; the next one tries again
   */
  constructor(
    directory: string,
    content: { readonly [P in MemoryPart]: () => AgentMemory[P] },
    failed: (error: unknown) => void,
  ) {
    const file = (part: MemoryPart): SavedFile => new SavedFile(join(directory, part), FORMAT, failed);
    this.#files = {
      decisions: file("decisions"),
      listenPorts: file("listenPorts"),
      switches: file("switches"),
      members: file("members"),
      addresses: file("addresses"),
    };
    this.#directory = directory;
    this.#content = content;
  }

  /** Reads all parts. One that is damaged is set aside and empty. */
  async load(): Promise<{ readonly memory: AgentMemory; readonly lost: readonly LostPart[] }> {
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    // Of writes during which the process was killed.
    for (const name of await readdir(this.#directory))
      if (name.endsWith(".tmp")) await rm(join(this.#directory, name), { force: true });
    const lost: LostPart[] = [];
    const part = async <P extends MemoryPart>(name: P): Promise<AgentMemory[P]> => {
      const file = this.#files[name];
      const loaded = await file.load();
      if (loaded.found === "nothing") return [];
      const content = loaded.found === "content" ? parsePart(name, loaded.body) : undefined;
      if (content !== undefined) return content;
      const { setAside, reason } =
        loaded.found === "damaged" ? loaded : await file.setAside("its content is not of the form it should have");
      lost.push({ setAside, reason, remedy: REMEDIES[name] });
      return [];
    };
    const memory = {
      decisions: await part("decisions"),
      listenPorts: await part("listenPorts"),
      switches: await part("switches"),
      members: await part("members"),
      addresses: await part("addresses"),
    };
    return { memory, lost };
  }

  /** Writes a part soon. */
  save(part: MemoryPart): void {
    this.#files[part].save(() => JSON.stringify(this.#content[part]()));
  }

  /** Writes a part now. Says whether it is on disk. */
  write(part: MemoryPart): Promise<boolean> {
    this.save(part);
    return this.#files[part].flush();
  }

  /** Writes now what is waiting. */
  async flush(): Promise<void> {
    await Promise.all(Object.values(this.#files).map((file) => file.flush()));
  }
}

/** Undefined when the content is not of the part's form. */
function parsePart<P extends MemoryPart>(name: P, body: string): AgentMemory[P] | undefined {
  try {
    return SCHEMAS[name].parse(JSON.parse(body)) as unknown as AgentMemory[P];
  } catch {
    return undefined;
  }
}
