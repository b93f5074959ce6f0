import { describe, expect, it } from "vitest";
import { parseLoadOptions } from "./options.ts";

const target = ["--target", "127.0.1.100:10001"];

describe("parseLoadOptions", () => {
  it("has defaults for everything but the target", () => {
    expect(parseLoadOptions(target)).toMatchObject({
      protocol: "http",
      targets: [{ address: "127.0.1.100:10001", ready: null }],
      rate: 1000,
      durationMs: 10_000,
      timeoutMs: 15_000,
      method: "GET",
      path: "/",
      mix: [],
    });
  });

  it("reads a mix of requests", () => {
    const options = parseLoadOptions([...target, "--mix", "/bad=0.1", "--mix", "POST /orders=.2"]);
    expect(options).toMatchObject({
      mix: [
        { method: "GET", path: "/bad", share: 0.1 },
        { method: "POST", path: "/orders", share: 0.2 },
      ],
    });
  });

  it.each([
    [[], /--target is missing/],
    [["--target", "127.0.1.1"], /--target must look like/],
    [[...target, "--ready", "127.0.1.1:1/x", "--ready", "127.0.1.1:1/x"], /1 --target but 2 --ready/],
    [[...target, "--rate", "0"], /--rate must be a whole number from 1/],
    [[...target, "--duration", "5"], /--duration must be a duration such as 250ms/],
    [[...target, "--duration", "0s"], /longer than 0s/],
    [[...target, "--duration", "24h"], /too many for one run/],
    [[...target, "--mix", "bad"], /--mix must look like/],
    [[...target, "--mix", "/a=0.6", "--mix", "/b=0.6"], /more than 1 together/],
    [[...target, "--header", "x"], /--header must look like/],
    [[...target, "--protocol", "udp"], /--protocol is http or tcp/],
    [[...target, "--unknown"], /--unknown/],
  ])("%j: %s", (args, message) => {
    const problems = parseLoadOptions(args);
    expect(Array.isArray(problems) ? problems.join("\n") : problems).toMatch(message);
  });

  it("shows all problems at once", () => {
    expect(parseLoadOptions(["--rate", "x", "--timeout", "y"])).toHaveLength(3);
  });
});
