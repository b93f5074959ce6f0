import type { IncomingMessage } from "node:http";
import { z } from "zod";
import { errorOfEvent, unreachable } from "./kube-error.ts";
import type { KubeObject } from "./kube-resource.ts";

/** Longest line of a watch, in bytes: etcd holds no object larger than 1.5 MiB, and managed fields come on top. */
const LONGEST_LINE = 16 * 1024 * 1024;

/** What a watch says happened. A bookmark is an object with nothing but a version. */
export interface WatchEvent {
  readonly type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK";
  readonly object: KubeObject;
}

const Line = z.looseObject({ type: z.string(), object: z.unknown() });

const WatchedObject = z.looseObject({
  metadata: z.looseObject({ name: z.string().optional(), resourceVersion: z.string() }),
});

/**
 * The events of a watch, as they come; ends when the server ends it.
 * @throws KubeError for an ERROR event, e.g. `Expired` for a version that is too old, and for what is no watch at all
 */
export async function* readWatchEvents(body: IncomingMessage): AsyncGenerator<WatchEvent> {
  for await (const line of readLines(body)) {
    const event = parseLine(line);
    // A kind of event that is not known yet is none of the objects changing.
    if (event !== undefined) yield event;
  }
}

function parseLine(text: string): WatchEvent | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw unreachable("the watch sent a line that is not JSON", error);
  }
  const line = Line.safeParse(value);
  if (!line.success) throw unreachable("the watch sent something that is no event");
  const { type, object } = line.data;
  if (type === "ERROR") throw errorOfEvent(object);
  if (type !== "ADDED" && type !== "MODIFIED" && type !== "DELETED" && type !== "BOOKMARK") return undefined;
  if (!WatchedObject.safeParse(object).success) throw unreachable(`the watch sent a ${type} event without an object`);
  return { type, object: object as KubeObject };
}

async function* readLines(body: IncomingMessage): AsyncGenerator<string> {
  let parts: Buffer[] = [];
  let size = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    let start = 0;
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, start)) {
      parts.push(chunk.subarray(start, end));
      const line = Buffer.concat(parts).toString("utf8");
      parts = [];
      size = 0;
      start = end + 1;
      if (line.trim() !== "") yield line;
    }
    parts.push(chunk.subarray(start));
    size += chunk.length - start;
    if (size > LONGEST_LINE) throw unreachable(`the watch sent a line longer than ${LONGEST_LINE} bytes`);
  }
}
