import { expect, test } from "vitest";
import { RequestMix } from "./http-request.ts";
import { parseLoadOptions } from "./options.ts";

test("a mix holds its shares in any stretch of rows, and a row keeps its request", () => {
  const options = parseLoadOptions(["--target", "127.0.0.1:80", "--mix", "/bad=0.1", "--mix", "POST /orders=0.2"]);
  if (Array.isArray(options)) throw new Error(options.join());
  const mix = new RequestMix(options);
  const bodyOf = (row: number): string => mix.of(row).bytes.toString("latin1").split(" HTTP/", 1)[0] ?? "";
  for (const start of [-500, 0, 1_234]) {
    const kinds = Array.from({ length: 1_000 }, (_, index) => bodyOf(start + index));
    for (const [kind, share] of [
      ["GET /bad", 100],
      ["POST /orders", 200],
      ["GET /", 700],
    ] as const)
      expect(Math.abs(kinds.filter((found) => found === kind).length - share), `${kind} from ${start}`).toBeLessThan(5);
  }
  expect(mix.of(77)).toBe(mix.of(77));
});
