import type { ServerResponse } from "node:http";
import { CatalogMessage } from "../../src/model/catalog.ts";

/** A listener of a catalog that keeps what it is told. */
export class RecordedListener {
  status = 0;
  readonly writableLength = 0;
  readonly #heard: CatalogMessage[] = [];
  #leave: () => void = () => {};

  get response(): ServerResponse {
    return this as unknown as ServerResponse;
  }

  /** What was said since the last call, beats left out. */
  take(): CatalogMessage[] {
    return this.#heard.splice(0).filter((message) => message.type !== "beat");
  }

  leave(): void {
    this.#leave();
  }

  writeHead(status: number): this {
    this.status = status;
    return this;
  }

  write(lines: string): void {
    for (const line of lines.split("\n")) if (line !== "") this.#heard.push(CatalogMessage.parse(JSON.parse(line)));
  }

  once(_event: "close", left: () => void): void {
    this.#leave = left;
  }

  end(): void {}
}
