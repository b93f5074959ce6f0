/**
 * Envoy's health and outlier decisions, pushed through a regular file: Envoy never waits for a reader of it, dead or slow.
 * @module
 */
import { type FSWatcher, watch } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import type { EnvoyHealthEvent } from "../../model/envoy-event.ts";
import { parseEvent } from "./parse-event.ts";

/** When everything in it has been read and it is larger than this, the file is emptied; Envoy appends, so it goes on at the start. */
const EMPTY_ABOVE = 4 * 1024 * 1024;

/** Most read at once, in bytes. */
const CHUNK = 256 * 1024;

/** Follows an event log from its present end; what happened before is in Envoy's own state. */
export class EventLog {
  readonly #path: string;
  readonly #take: (event: EnvoyHealthEvent) => void;
  #file: FileHandle | undefined;
  #watcher: FSWatcher | undefined;
  #offset = 0;
  #rest = "";
  #reading = false;
  #again = false;

  constructor(path: string, take: (event: EnvoyHealthEvent) => void) {
    this.#path = path;
    this.#take = take;
  }

  /** Opens the log, creating it if Envoy has not yet. */
  async open(): Promise<void> {
    // Append mode creates it; reading by position is not affected by it.
    this.#file = await open(this.#path, "a+", 0o600);
    this.#offset = (await this.#file.stat()).size;
    this.#watcher = watch(this.#path, () => this.#readSoon());
  }

  /** Stops following. */
  async close(): Promise<void> {
    this.#watcher?.close();
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
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
    } finally {
      this.#reading = false;
    }
  }

  async #readChunk(): Promise<boolean> {
    const file = this.#file;
    if (file === undefined) return false;
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(CHUNK), 0, CHUNK, this.#offset);
    if (bytesRead === 0) {
      await this.#followTruncation(file);
      return false;
    }
    this.#offset += bytesRead;
    const lines = (this.#rest + buffer.toString("utf8", 0, bytesRead)).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) {
      const event = parseEvent(line);
      if (event !== undefined) this.#take(event);
    }
    return true;
  }

  async #followTruncation(file: FileHandle): Promise<void> {
    const { size } = await file.stat();
    if (size < this.#offset) this.#offset = 0;
    else if (this.#offset > EMPTY_ABOVE && size === this.#offset) {
      await file.truncate(0);
      this.#offset = 0;
    }
  }
}
