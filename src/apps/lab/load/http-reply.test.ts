import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { HttpReply } from "./http-reply.ts";

const sized = "HTTP/1.1 200 OK\r\nX-Served-By: west/web-1\r\nContent-Length: 5\r\n\r\nhello";
const chunked =
  "HTTP/1.1 503 Service Unavailable\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n5\r\nhello\r\n6;a=b\r\n world\r\n0\r\nx: y\r\n\r\n";
const continued = `HTTP/1.1 100 Continue\r\n\r\n${sized}`;

function read(parts: readonly string[], isHead = false): { reply: HttpReply; completed: number } {
  const reply = new HttpReply();
  reply.begin(isHead);
  const completed = parts.findIndex((part) => reply.push(Buffer.from(part, "latin1"), part.length));
  return { reply, completed };
}

describe("HttpReply", () => {
  it.each([
    ["a sized answer", sized, { status: 200, servedBy: "west/web-1", keepsAlive: true, bodyStart: "hello" }],
    [
      "chunks, an extension and a trailer",
      chunked,
      { status: 503, servedBy: "", keepsAlive: false, bodyStart: "hello world" },
    ],
    ["an answer after 100 Continue", continued, { status: 200, servedBy: "west/web-1" }],
    ["an answer without a body", "HTTP/1.1 204 No Content\r\n\r\n", { status: 204, keepsAlive: true }],
    ["HTTP/1.0, which closes", "HTTP/1.0 200 OK\r\ncontent-length: 0\r\n\r\n", { status: 200, keepsAlive: false }],
  ])("reads %s", (_name, text, expected) => {
    const { reply, completed } = read([text]);
    expect(completed).toBe(0);
    expect(reply).toMatchObject(expected);
  });

  it("does not wait for a body after HEAD", () => {
    expect(read(["HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n"], true).completed).toBe(0);
  });

  it("ends a body without a length when the connection ends", () => {
    const { reply, completed } = read(["HTTP/1.1 200 OK\r\n\r\nhel", "lo"]);
    expect({ completed, ended: reply.finishAtEnd(), keepsAlive: reply.keepsAlive, body: reply.bodyStart }).toEqual({
      completed: -1,
      ended: true,
      keepsAlive: false,
      body: "hello",
    });
  });

  it("is not complete when the connection ends early", () => {
    const { reply, completed } = read([sized.slice(0, -1)]);
    expect({ completed, ended: reply.finishAtEnd() }).toEqual({ completed: -1, ended: false });
  });

  it("refuses what is not HTTP", () => {
    expect(() => read(["SSH-2.0-OpenSSH\r\n\r\n"])).toThrow("not HTTP/1");
  });

  it("completes at the last byte, wherever the bytes are cut", () => {
    fc.assert(
      fc.property(fc.constantFrom(sized, chunked, continued), fc.array(fc.nat(150)), (text, cuts) => {
        const places = [...new Set([0, ...cuts.filter((cut) => cut < text.length), text.length])].sort((a, b) => a - b);
        const parts = places.slice(1).map((end, index) => text.slice(places[index], end));
        expect(read(parts).completed).toBe(parts.length - 1);
      }),
    );
  });
});
