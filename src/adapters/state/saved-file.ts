/**
 * State that survives a crash: versioned, checksummed, replaced as a whole; a damaged file is set aside and said.
 * @module
 */
import { createHash } from "node:crypto";
import { readFile, rename } from "node:fs/promises";
import { replaceFile } from "./write-file.ts";

/** What became of reading a saved file. */
export type Loaded = { readonly found: "nothing" } | { readonly found: "content"; readonly body: string } | Damaged;

/** A file that was damaged, or of another format or form, and has been renamed to `setAside`. */
export interface Damaged {
  readonly found: "damaged";
  readonly setAside: string;
  readonly reason: string;
}

/** Shortest time between two writes, in milliseconds: a burst of changes is one write. */
export const WRITE_PAUSE_MS = 200;

/** One file of saved state. */
export class SavedFile {
  readonly #path: string;
  readonly #format: string;
  #pending: (() => string) | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** Gives whether everything so far is on disk. */
  #writing: Promise<boolean> = Promise.resolve(true);
  readonly #failed: (error: unknown) => void;

  /**
   * @param format name and version of the content, e.g. `tandem-snapshot/1`; a file of another one is set aside
   * @param failed told when a write fails; the content stays in memory and the next write tries again
   */
  constructor(path: string, format: string, failed: (error: unknown) => void) {
    this.#path = path;
    this.#format = format;
    this.#failed = failed;
  }

  /** Reads the content, checking format and checksum. */
  load(): Promise<Loaded> {
    return loadSaved(this.#path, this.#format);
  }

  /** Sets the file aside whose content, once read, made no sense. */
  setAside(reason: string): Promise<Damaged> {
    return setAside(this.#path, reason);
  }

  /** Writes soon; `content` is asked when the write begins, so that it is the latest. */
  save(content: () => string): void {
    this.#pending = content;
    this.#timer ??= setTimeout(() => void this.flush(), WRITE_PAUSE_MS);
  }

  /** Writes what is waiting, now, and waits for it. Says whether all of it is on disk. */
  async flush(): Promise<boolean> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const content = this.#pending;
    this.#pending = undefined;
    if (content !== undefined) this.#writing = this.#writing.then(() => this.#write(content));
    return this.#writing;
  }

  async #write(content: () => string): Promise<boolean> {
    try {
      await writeSaved(this.#path, this.#format, content());
      return true;
    } catch (error) {
      this.#pending ??= content;
      this.#failed(error);
      return false;
    }
  }
}

/** Reads a file that {@link writeSaved} wrote; one that is damaged, or of another format, is set aside. */
export async function loadSaved(path: string, format: string): Promise<Loaded> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return { found: "nothing" };
    throw error;
  }
  const end = text.indexOf("\n");
  const [found, checksum] = text.slice(0, Math.max(0, end)).split(" ");
  const body = text.slice(end + 1);
  if (found === format && checksum === digest(body)) return { found: "content", body };
  return setAside(path, found === format ? "its checksum does not match" : `it is not of format ${format}`);
}

/** Renames a file that cannot be used, so that it neither counts nor is lost. */
export async function setAside(path: string, reason: string): Promise<Damaged> {
  const renamed = `${path}.damaged`;
  await rename(path, renamed);
  return { found: "damaged", setAside: renamed, reason };
}

/** Replaces a file by `body` with its format and checksum. */
export function writeSaved(path: string, format: string, body: string): Promise<void> {
  return replaceFile(path, `${format} ${digest(body)}\n${body}`);
}

function digest(body: string): string {
  return createHash("sha256").update(body).digest("hex");
}
