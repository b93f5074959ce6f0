import { expect, test } from "vitest";
import type { EndpointHealth } from "../../model/service-view.ts";
import { serviceView } from "../../../test/view/service-view.ts";
import { judgePatience } from "./patience.ts";
import { programCheck, timeToFailForCallers } from "./program-check.ts";
import { chooseProtocol } from "./protocol.ts";
import type { Tier } from "./tiers.ts";

const VIEW = serviceView();
const CHECK = programCheck(VIEW, chooseProtocol(VIEW.appProtocol, VIEW.policy.healthCheck));
const PASSING: EndpointHealth = { out: "passing", in: "passing", ejected: false };
const EJECTED: EndpointHealth = { ...PASSING, ejected: true };

/** Two sites, with what is known of each of their endpoints. */
function tiers(west: readonly EndpointHealth[], east: readonly EndpointHealth[]): readonly Tier[] {
  const pod = { address: "192.0.2.20", port: 8080, ready: true };
  const gateway = { name: "east-1", address: "198.51.100.10", port: 15443, draining: false };
  return [
    { site: "west", local: true, endpoints: west.map((health) => ({ endpoint: pod, health })) },
    { site: "east", local: false, endpoints: east.map((health) => ({ endpoint: gateway, health })) },
  ];
}

/** Whether tries get more time when it has stayed like that for as long as checks take. */
function rests(west: readonly EndpointHealth[], east: readonly EndpointHealth[]): boolean {
  const first = judgePatience(VIEW, tiers(west, east), CHECK);
  if (first.exceededSince === undefined) return false;
  const memory = { ...VIEW.memory, exceededSince: first.exceededSince };
  const later = judgePatience(
    { ...VIEW, memory, now: VIEW.now + timeToFailForCallers(CHECK) },
    tiers(west, east),
    CHECK,
  );
  return later.hedgingRestsUntil !== undefined;
}

test.each([
  ["all are ejected", [EJECTED, EJECTED, EJECTED], [EJECTED, EJECTED], true],
  ["all but the one that Envoy leaves", [EJECTED, EJECTED, EJECTED], [EJECTED, PASSING], true],
  ["one more is left", [EJECTED, EJECTED, PASSING], [EJECTED, PASSING], false],
  ["one site is ejected, the other one is not", [EJECTED], [PASSING], false],
  ["one of them fails its check: it may be hung", [EJECTED, EJECTED, { ...EJECTED, out: "failing" }], [EJECTED], false],
  ["a site has no endpoint", [EJECTED], [], false],
] as const)("tries get more time when %s: %#", (_what, west, east, expected) => {
  expect(rests(west, east)).toBe(expected);
});
