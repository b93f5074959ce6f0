import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { CLUSTER_CHECKS } from "../../src/core/doctor/cluster-checks.ts";
import { GATEWAY_CHECKS } from "../../src/core/doctor/gateway-checks.ts";

test("docs/doctor.md lists exactly the checks there are, and where each is made", () => {
  const page = readFileSync(join(import.meta.dirname, "../../docs/doctor.md"), "utf8");
  const rows = [...page.matchAll(/^\| `(\w+)` \| (cluster|gateway|both) \|/gm)].map(([, name, where]) => [name, where]);
  const [cluster, gateway] = [CLUSTER_CHECKS, GATEWAY_CHECKS].map((checks) => new Set(checks.map(({ name }) => name)));
  const whereOf = (name: string): string => {
    if (cluster?.has(name) !== true) return "gateway";
    return gateway?.has(name) === true ? "both" : "cluster";
  };
  const names = [...new Set([...(cluster ?? []), ...(gateway ?? [])])];
  expect(Object.fromEntries(rows)).toEqual(Object.fromEntries(names.map((name) => [name, whereOf(name)])));
});
