import { describe, expect, it } from "vitest";
import { type Fault, faultKinds, parseFault, treat } from "./fault.ts";

const service = { isCheck: false, ordinal: 1 };
const check = { isCheck: true, ordinal: 0 };

describe("treat", () => {
  it.each<[Fault, { service: unknown; check: unknown }]>([
    [{ kind: "none" }, { service: 200, check: 200 }],
    [{ kind: "5xx" }, { service: 503, check: 200 }],
    [{ kind: "check" }, { service: 200, check: 503 }],
    [{ kind: "reset" }, { service: "reset", check: 200 }],
    [
      { kind: "slow", delayMs: 5000 },
      { service: 200, check: 200 },
    ],
  ])("%o", (fault, expected) => {
    const seen = (arrival: typeof service): unknown => {
      const treatment = treat(fault, arrival, 2, 0);
      return treatment.do === "reset" ? "reset" : treatment.status;
    };
    expect({ service: seen(service), check: seen(check) }).toEqual(expected);
  });

  it("delays the service by the latency, the fault by its own, the check not at all", () => {
    expect(treat({ kind: "none" }, service, 2, 0)).toMatchObject({ delayMs: 2 });
    expect(treat({ kind: "slow", delayMs: 5000 }, service, 2, 0)).toMatchObject({ delayMs: 5000 });
    expect(treat({ kind: "slow", delayMs: 5000 }, check, 2, 0)).toMatchObject({ delayMs: 0 });
  });

  it("fails every second request under half", () => {
    const statuses = [0, 1, 2, 3].map((ordinal) => treat({ kind: "half" }, { isCheck: false, ordinal }, 2, 0));
    expect(statuses.map((treatment) => treatment.do === "answer" && treatment.status)).toEqual([503, 200, 503, 200]);
  });

  it("fails the drawn share under partial", () => {
    const fault: Fault = { kind: "partial", share: 0.3 };
    expect(treat(fault, service, 2, 0.29)).toMatchObject({ status: 503 });
    expect(treat(fault, service, 2, 0.3)).toMatchObject({ status: 200 });
  });
});

describe("parseFault", () => {
  it.each(faultKinds)("takes %s with its defaults", (kind) => {
    expect(parseFault({ kind })).toMatchObject({ kind });
  });

  it.each([
    [{ kind: "crash" }, /unknown fault "crash": use one of none, 5xx/],
    [null, /unknown fault undefined/],
    [{ kind: "partial", share: 2 }, /share must be between 0 and 1, not 2/],
    [{ kind: "slow", delayMs: -1 }, /delayMs must be between/],
  ])("refuses %o", (input, message) => {
    expect(parseFault(input)).toMatch(message);
  });
});
