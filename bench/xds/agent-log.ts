/**
 * What an agent logs about its Envoy, as it comes.
 * @module
 */
import { watch } from "node:fs";
import { open } from "node:fs/promises";
import { setTimeout as after } from "node:timers/promises";

/** Envoy has acknowledged everything. */
export interface Programmed {
  /** Unix milliseconds. */
  readonly at: number;
  /** Bytes that were sent for it. */
  readonly bytes: number;
  /** From noticing the change; undefined when an Envoy came and was told what it lacks. */
  readonly tookMs: number | undefined;
}

const patienceMs = 60_000;

/** Follows the log of one agent from where it ends now. */
export class AgentLog {
  private readonly path: string;
  private position: number;
  private rest = "";

  private constructor(path: string, position: number) {
    this.path = path;
    this.position = position;
  }

  /** Opens a log that exists. */
  static async follow(path: string): Promise<AgentLog> {
    const file = await open(path);
    const { size } = await file.stat();
    await file.close();
    return new AgentLog(path, size);
  }

  /** The next time that Envoy had everything. Throws after a minute without. */
  async next(): Promise<Programmed> {
    const abort = new AbortController();
    const end = after(patienceMs, undefined, { signal: abort.signal }).then(() => {
      throw new Error(`${this.path}: Envoy acknowledged nothing for a minute`);
    });
    // Watched before it is read: what is written between both is not missed.
    const watcher = watch(this.path);
    try {
      for (;;) {
        const changed = new Promise((resolve) => watcher.once("change", resolve));
        const found = await this.read();
        if (found !== undefined) return found;
        await Promise.race([changed, end]);
      }
    } finally {
      watcher.close();
      abort.abort();
      end.catch(() => {});
    }
  }

  private async read(): Promise<Programmed | undefined> {
    const file = await open(this.path);
    try {
      for (;;) {
        const programmed = this.takeProgrammed();
        if (programmed !== undefined) return programmed;
        const { bytesRead, buffer } = await file.read({ position: this.position });
        if (bytesRead === 0) return undefined;
        this.position += bytesRead;
        this.rest += buffer.toString("utf8", 0, bytesRead);
      }
    } finally {
      await file.close();
    }
  }

  private takeProgrammed(): Programmed | undefined {
    for (let end = this.rest.indexOf("\n"); end >= 0; end = this.rest.indexOf("\n")) {
      const line = this.rest.slice(0, end);
      this.rest = this.rest.slice(end + 1);
      const programmed = parse(line);
      if (programmed !== undefined) return programmed;
    }
    return undefined;
  }
}

function parse(line: string): Programmed | undefined {
  if (!line.includes('"envoy_programmed"')) return undefined;
  const { time, bytes, tookMs } = JSON.parse(line) as { time: string; bytes: number; tookMs?: number };
  return { at: Date.parse(time), bytes, tookMs };
}
