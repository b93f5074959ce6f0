/**
 * State that survives a crash: versioned, checksummed, replaced as a whole; a damaged file is set aside and said.
 * @module
 */
import { createHash } from "node:crypto";
import { readFile, rename } from "node:fs/promises";
import { replaceFile } from "./write-file.ts";

/** What became of reading a saved file. */
export type Loaded =
  | { readonly found: "nothing" }
  | { readonly found: "content"; readonly body: string }
  /** It was damaged, or of another format, and has been renamed to `setAside`. */
  | { readonly found: "damaged"; readonly setAside: string; readonly reason: string };

/** Shortest time between two writes, in milliseconds: a burst of changes is one write. */
export const WRITE_PAUSE_MS = 200;

/** One file of saved state. */
export class SavedFile {
  readonly #path: string;
  readonly #format: string;
  #pending: (() => string) | undefined;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();
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

  /** Writes soon; `content` is asked when the write begins, so that it is the latest. */
  save(content: () => string): void {
    this.#pending = content;
    this.#timer ??= setTimeout(() => void this.flush(), WRITE_PAUSE_MS);
  }

  /** Writes what is waiting, now, and waits for it. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const content = this.#pending;
    this.#pending = undefined;
    if (content !== undefined) this.#writing = this.#writing.then(() => this.#write(content()));
    await this.#writing;
  }

  async #write(body: string): Promise<void> {
    try {
      await writeSaved(this.#path, this.#format, body);
    } catch (error) {
      this.#failed(error);
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
  const setAside = `${path}.damaged`;
  await rename(path, setAside);
  const reason = found === format ? "its checksum does not match" : `it is not of format ${format}`;
  return { found: "damaged", setAside, reason };
}

/** Replaces a file by `body` with its format and checksum. */
export function writeSaved(path: string, format: string, body: string): Promise<void> {
  return replaceFile(path, `${format} ${digest(body)}\n${body}`);
}

function digest(body: string): string {
  return createHash("sha256").update(body).digest("hex");
}
