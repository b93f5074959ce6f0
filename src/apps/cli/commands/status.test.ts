import { stripVTControlCharacters } from "node:util";
import { describe, expect, test } from "vitest";
import type { ActiveSwitch } from "../../../model/service-view.ts";
import type { AgentStatus } from "../../../model/status.ts";
import { renderStatus } from "./status.ts";

const NOW = Date.parse("2026-05-01T12:00:00Z");

function rendered(ordered: ActiveSwitch | undefined): string {
  const status: AgentStatus = {
    site: "west",
    gateway: "west-1",
    version: "0.1.0",
    envoy: "ready",
    draining: false,
    certificateEnds: undefined,
    services: [
      {
        service: "shop/web/80",
        protocol: "http",
        listen: "192.0.2.10:10080",
        servingSite: "west",
        servingSince: NOW - 60_000,
        sites: [{ name: "west", healthy: 1, total: 1, standby: false }],
        check: "http GET /healthz",
        checkIntervalMs: 250,
        switch: ordered,
        lastFailover: undefined,
        conditions: [],
      },
    ],
    peers: [],
    problems: [],
  };
  return stripVTControlCharacters(renderStatus(status, NOW));
}

describe("a switch in the status", () => {
  test("one with an end is shown with it, also to the site that serves anyway", () => {
    const until = Date.parse("2026-05-01T12:10:00Z");
    expect(rendered({ to: "west", until, reason: "maintenance", origin: "east" })).toContain(
      "\n  Switch shop/web/80: to west until 2026-05-01T12:10:00.000Z (in 10m), by command at east: maintenance",
    );
  });

  test("one of a manifest names it", () => {
    expect(rendered({ to: "east", reason: "", origin: "west", manifest: "shop/away" })).toContain(
      "\n  Switch shop/web/80: to east until it is ended, by manifest shop/away of west: no reason given",
    );
  });

  test("none is not mentioned", () => {
    expect(rendered(undefined)).not.toContain("Switch");
  });
});
