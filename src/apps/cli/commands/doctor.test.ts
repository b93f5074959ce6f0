import { stripVTControlCharacters } from "node:util";
import { expect, test } from "vitest";
import type { Fault } from "../../../model/doctor.ts";
import { renderResults } from "./doctor.ts";

const fault = (subject: string, level: Fault["level"] = "warning"): Fault => ({
  level,
  subject,
  message: "is wrong",
  remedy: "Mend it",
});

test("of many faults of one kind the errors and some others are shown, and all are counted", () => {
  const faults = ["a", "b", "c", "d", "e", "f"].map((name) => fault(name));
  const text = renderResults([
    { check: "Zones", result: "ok", faults: [] },
    { check: "Ports", result: "unknown", faults: [] },
    { check: "Policies", result: "error", faults: [...faults, fault("z", "error")] },
  ]);
  expect(stripVTControlCharacters(text).split("\n")).toEqual([
    "ok       Zones",
    "not seen Ports: what it takes was not to be read or not asked for",
    "error    Policies: z is wrong",
    "           Mend it",
    ...["a", "b", "c", "d"].flatMap((name) => [`warning  Policies: ${name} is wrong`, "           Mend it"]),
    "           and 2 more; -o json has all",
    "",
    "3 checks, 1 error, 6 warnings",
  ]);
});
