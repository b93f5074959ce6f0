import type { IncomingMessage } from "node:http";

/** The body of a request or an answer as text; rejects when it is larger than `limit` bytes, or when the sender dies before its end. */
export async function readBody(message: IncomingMessage, limit: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of message as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limit) throw new Error(`a body larger than ${limit} bytes was refused`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
