import { expect, test } from "vitest";
import { typedLabCommand } from "./typed-command.ts";

test.each([
  ["npm run lab --", { npm_lifecycle_event: "lab" }],
  ["tandem lab", {}],
  ["tandem lab", { npm_lifecycle_event: "test" }],
])("the lab is %s where the environment says %j", (typed, environment) => {
  expect(typedLabCommand(environment)).toBe(typed);
});
