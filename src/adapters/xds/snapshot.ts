/**
 * The resources of a gateway on disk, so that a restarted Envoy gets them from an agent that has lost everything else.
 * A file an owner: one changed service is one small write, however many there are.
 * Secrets are left out: they are in files of their own.
 * @module
 */
import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { XDS_MESSAGE, type XdsType } from "../../model/xds-resource.ts";
import { type Damaged, loadSaved, setAside, WRITE_PAUSE_MS, writeSaved } from "../state/saved-file.ts";
import type { EncodedResource } from "./encode-resource.ts";
import type { ResourceCache } from "./resource-cache.ts";

/** Format of the files; changes when the meaning of their lines does. */
const FORMAT = "tandem-snapshot/2";

const Line = z.object({
  type: z.enum(Object.keys(XDS_MESSAGE) as [XdsType, ...XdsType[]]),
  name: z.string(),
  version: z.string(),
  wire: z.base64(),
});

/** What was found on disk. */
export interface Restored {
  readonly resources: number;
  readonly damaged: readonly Damaged[];
}

/** A directory that follows a cache. */
export class Snapshot {
  readonly #directory: string;
  readonly #cache: ResourceCache;
  readonly #failed: (error: unknown) => void;
  readonly #changed = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();

  /** @param failed told when a write fails; it is tried again with the owner's next change */
  constructor(directory: string, cache: ResourceCache, failed: (error: unknown) => void) {
    this.#directory = directory;
    this.#cache = cache;
    this.#failed = failed;
  }

  /** Fills the cache with what was written. Damaged files are set aside, the others count. */
  async restore(): Promise<Restored> {
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    const damaged: Damaged[] = [];
    let resources = 0;
    for (const name of await readdir(this.#directory)) {
      if (name.endsWith(".damaged")) continue;
      const path = join(this.#directory, name);
      if (name.endsWith(".tmp")) {
        // Of a write during which the process was killed.
        await rm(path, { force: true });
        continue;
      }
      const read = await readResources(path);
      if ("found" in read) damaged.push(read);
      else {
        this.#cache.replace(decodeURIComponent(name), read);
        resources += read.length;
      }
    }
    return { resources, damaged };
  }

  /** Writes what an owner has, soon. */
  save(owner: string): void {
    this.#changed.add(owner);
    this.#timer ??= setTimeout(() => void this.flush(), WRITE_PAUSE_MS);
  }

  /** Writes what is waiting, now, and waits for it. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const owners = [...this.#changed];
    this.#changed.clear();
    this.#writing = this.#writing.then(() => this.#writeAll(owners));
    await this.#writing;
  }

  /** One after the other: a thousand at once would keep every other file of this process waiting. */
  async #writeAll(owners: readonly string[]): Promise<void> {
    for (const owner of owners) {
      try {
        await this.#write(owner);
      } catch (error) {
        this.#failed(error);
      }
    }
  }

  async #write(owner: string): Promise<void> {
    const resources = this.#cache.of(owner).filter(({ type }) => type !== "secret");
    const path = join(this.#directory, encodeURIComponent(owner));
    if (resources.length === 0) await rm(path, { force: true });
    else await writeSaved(path, FORMAT, format(resources));
  }
}

function format(resources: readonly EncodedResource[]): string {
  const lines = resources.map(({ type, name, version, wire }) =>
    JSON.stringify({ type, name, version, wire: Buffer.from(wire).toString("base64") }),
  );
  return lines.map((line) => `${line}\n`).join("");
}

/** The resources of a file; one that cannot be read is set aside. */
async function readResources(path: string): Promise<readonly EncodedResource[] | Damaged> {
  const loaded = await loadSaved(path, FORMAT);
  if (loaded.found === "damaged") return loaded;
  if (loaded.found === "nothing") return [];
  try {
    return parse(loaded.body);
  } catch {
    return setAside(path, "its content is not of the form it should have");
  }
}

function parse(body: string): EncodedResource[] {
  return body
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const { wire, ...rest } = Line.parse(JSON.parse(line));
      return { ...rest, wire: Buffer.from(wire, "base64") };
    });
}
