import { describe, expect, test } from "vitest";
import { linesOf, parseLine } from "./catalog-line.ts";

async function linesIn(chunks: readonly Uint8Array[]): Promise<string[]> {
  async function* stream(): AsyncGenerator<Uint8Array> {
    for (const chunk of chunks) yield await Promise.resolve(chunk);
  }
  const lines: string[] = [];
  for await (const line of linesOf(stream())) lines.push(line);
  return lines;
}

describe("the lines of a stream", () => {
  test("are whole wherever it was cut in pieces, also inside a character", async () => {
    const bytes = Buffer.from("Grüße\n\n…\nunfinished");
    for (let at = 0; at < bytes.length; at += 1)
      expect(await linesIn([bytes.subarray(0, at), bytes.subarray(at)])).toEqual(["Grüße", "…"]);
  });

  test("one that is far too long is cut, and the next one is whole again", async () => {
    const part = Buffer.from("x".repeat(100_000));
    const [cut, ...others] = await linesIn([part, part, part, part, part, Buffer.from("end\nnext\n")]);
    expect(cut?.length).toBe(300_000);
    expect(others).toEqual(["next"]);
  });
});

describe("a line", () => {
  test("of a known type is a message", () => {
    expect(parseLine('{"type":"draining","draining":true}').message).toEqual({ type: "draining", draining: true });
  });

  test("of a type that only a newer version knows says nothing", () => {
    expect(parseLine('{"type":"weather","sun":true}')).toEqual({});
  });

  test.each([
    ["no JSON", '{"type":"dra', /SyntaxError/],
    ["no object", "7", /no type/],
    ["no type", "{}", /no type/],
    ["a wrong field", '{"type":"draining","draining":"yes"}', /^draining: draining: /],
  ])("with %s is a problem, not an error", (_name, line, problem) => {
    const parsed = parseLine(line);
    expect(parsed.message).toBeUndefined();
    expect(parsed.problem).toMatch(problem);
  });
});
