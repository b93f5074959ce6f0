import { expect, test } from "vitest";
import { parseEvent } from "./parse-event.ts";

const host = '"host":{"socket_address":{"protocol":"TCP","address":"127.0.1.1","port_value":8080}}';
const check = (event: string, cluster = "out/shop/web/80"): string =>
  `{"health_checker_type":"HTTP",${host},"cluster_name":"${cluster}","timestamp":"2026-11-21T05:04:30.240Z",${event}}`;
const outlier = (fields: string): string =>
  `{"type":"CONSECUTIVE_GATEWAY_FAILURE","timestamp":"2026-11-21T05:04:30.240Z","cluster_name":"out/shop/web/80","upstream_url":"127.0.1.1:8080",${fields}}`;

const common = {
  service: "shop/web/80",
  view: "out",
  endpoint: "127.0.1.1:8080",
  at: Date.parse("2026-11-21T05:04:30.240Z"),
};

test.each([
  [
    "a check that begins to fail",
    check('"eject_unhealthy_event":{"failure_type":"NETWORK"}'),
    { ...common, kind: "check", state: "failing" },
  ],
  [
    "a first check that fails",
    check('"health_check_failure_event":{"first_check":true}'),
    { ...common, kind: "check", state: "failing" },
  ],
  [
    "a check that passes again",
    check('"add_healthy_event":{"first_check":false}'),
    { ...common, kind: "check", state: "passing" },
  ],
  [
    "a check for answering peers",
    check('"add_healthy_event":{}', "in/shop/web/80"),
    { ...common, view: "in", kind: "check", state: "passing" },
  ],
  [
    "a check of a TCP tier",
    check('"add_healthy_event":{}', "tier/shop/web/80/west"),
    { ...common, kind: "check", state: "passing" },
  ],
  ["an ejection", outlier('"action":"EJECT","enforced":true'), { ...common, kind: "outlier", ejected: true }],
  ["an ejection that is not enforced", outlier('"action":"EJECT","enforced":false'), undefined],
  [
    "the end of an ejection, which Envoy calls unenforced",
    outlier('"action":"UNEJECT","enforced":false'),
    { ...common, kind: "outlier", ejected: false },
  ],
  ["a cluster that is no service's", check('"add_healthy_event":{}', "agent"), undefined],
  ["a line that was cut", '{"health_checker_type":"HT', undefined],
])("%s", (_name, line, event) => {
  expect(parseEvent(line)).toEqual(event);
});
