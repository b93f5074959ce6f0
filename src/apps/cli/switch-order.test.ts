import { expect, test } from "vitest";
import { type SwitchOptions, switchProblems } from "./switch-order.ts";

const none: SwitchOptions = { end: false, wait: false };

test.each<SwitchOptions>([
  { ...none, to: "east", for: 600_000, reason: "maintenance", wait: true },
  { ...none, end: true },
])("%j can be ordered", (options) => {
  expect(switchProblems("shop/web", options)).toEqual([]);
});

test.each(["web", "shop/", "/web", "shop/web/80", ""])(
  "%s does not name a service, and the form is said",
  (service) => {
    expect(switchProblems(service, { ...none, to: "east" })).toEqual([
      `the service is written namespace/name, for example shop/web, not "${service}"`,
    ]);
  },
);

test("an order is either a switch or its end", () => {
  expect(switchProblems("shop/web", none)).toEqual(["give either --to SITE or --end"]);
});

test.each<[string, Partial<SwitchOptions>]>([
  ["--to", { to: "east" }],
  ["--for", { for: 1 }],
  ["--reason", { reason: "" }],
  ["--to, --for, --reason, --wait", { to: "east", for: 1, reason: "x", wait: true }],
])("an end takes no %s", (names, options) => {
  expect(switchProblems("shop/web", { ...none, end: true, ...options })).toEqual([
    `--end ends the switch that is in force: leave ${names} out`,
  ]);
});
