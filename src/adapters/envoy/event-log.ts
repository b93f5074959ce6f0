/**
 * Envoy's health and outlier decisions, pushed through a regular file: Envoy never waits for a reader of it, dead or slow.
 * @module
 */
import { type FSWatcher, watch } from "node:fs";
import { type FileHandle, open, stat } from "node:fs/promises";
import type { EnvoyHealthEvent } from "../../model/envoy-event.ts";
import { parseEvent } from "./parse-event.ts";

/** When everything in it has been read and it is larger than this, the file is emptied; Envoy appends, so it goes on at the start. */
const EMPTY_ABOVE = 4 * 1024 * 1024;

/** Most read at once, in bytes. */
const CHUNK = 256 * 1024;

/** Watching can miss changes (exhausted inotify, a file that is removed and made anew); a slow look makes up for it. */
const LOOK_MS = 5_000;

/** Follows an event log from its present end; what happened before is in Envoy's own state. */
export class EventLog {
  readonly #path: string;
  readonly #take: (event: EnvoyHealthEvent) => void;
  readonly #failed: (error: unknown) => void;
  #file: FileHandle | undefined;
  /** Tells the open file from another one that took its place. */
  #inode = 0;
  #watcher: FSWatcher | undefined;
  #look: NodeJS.Timeout | undefined;
  #offset = 0;
  #rest = "";
  #reading = false;
  #again = false;

  /** @param failed told when the file could not be read; it is tried again */
  constructor(path: string, take: (event: EnvoyHealthEvent) => void, failed: (error: unknown) => void) {
    this.#path = path;
    this.#take = take;
    this.#failed = failed;
  }

  /** Opens the log, creating it if Envoy has not yet. */
  async open(): Promise<void> {
    // Append mode creates it; reading by position is not affected by it.
    this.#file = await open(this.#path, "a+", 0o600);
    const { ino, size } = await this.#file.stat();
    this.#inode = ino;
    this.#offset = size;
    this.#watch();
    this.#look = setInterval(() => this.#readSoon(), LOOK_MS).unref();
  }

  /** Stops following. */
  async close(): Promise<void> {
    this.#watcher?.close();
    clearInterval(this.#look);
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }

  #watch(): void {
    this.#watcher?.close();
    try {
      this.#watcher = watch(this.#path, () => this.#readSoon());
      this.#watcher.on("error", () => this.#readSoon());
    } catch {
      // The slow look still notices what is written.
      this.#watcher = undefined;
    }
  }

  #readSoon(): void {
    this.#again = true;
    if (this.#reading) return;
    this.#reading = true;
    void this.#readAll();
  }

  async #readAll(): Promise<void> {
    try {
      while (this.#again) {
        this.#again = false;
        while (await this.#readChunk());
      }
    } catch (error) {
      // A file that is being closed cannot be read any more.
      if (this.#file !== undefined) this.#failed(error);
    } finally {
      this.#reading = false;
    }
  }

  async #readChunk(): Promise<boolean> {
    const file = this.#file;
    if (file === undefined) return false;
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(CHUNK), 0, CHUNK, this.#offset);
    if (bytesRead === 0) return this.#followFile(file);
    this.#offset += bytesRead;
    const lines = (this.#rest + buffer.toString("utf8", 0, bytesRead)).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) {
      const event = parseEvent(line);
      if (event !== undefined) this.#take(event);
    }
    return true;
  }

  /** Everything was read: empties the file when it is large, and goes over to another one in its place. Says whether there is more. */
  async #followFile(file: FileHandle): Promise<boolean> {
    const now = await stat(this.#path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return undefined;
      throw error;
    });
    // Envoy writes on into a file that was removed until it opens another one.
    if (now === undefined) return false;
    if (now.ino !== this.#inode) return this.#changeFile(file);
    const isShorter = now.size < this.#offset;
    const isLarge = this.#offset > EMPTY_ABOVE && now.size === this.#offset;
    if (isLarge) await file.truncate(0);
    if (isShorter || isLarge) this.#offset = 0;
    return isShorter;
  }

  async #changeFile(old: FileHandle): Promise<boolean> {
    const file = await open(this.#path, "a+", 0o600);
    const { ino } = await file.stat();
    if (this.#file !== old) {
      // Closed meanwhile.
      await file.close();
      return false;
    }
    this.#file = file;
    this.#inode = ino;
    this.#offset = 0;
    this.#rest = "";
    this.#watch();
    await old.close();
    return true;
  }
}
