import { describe, expect, test } from "vitest";
import { type InstallArguments, parseInstallArguments } from "./install-arguments.ts";

const GIVEN: InstallArguments = {
  site: "west",
  advertise: ["203.0.113.10:15443"],
  label: {},
  gateways: 2,
  namespace: "tandem-system",
  image: "tandem:0.1.0",
  serviceType: "LoadBalancer",
};

test.each([
  ["203.0.113.10", "203.0.113.10", 15_443],
  ["203.0.113.10:30443", "203.0.113.10", 30_443],
  ["gw.example.com:443", "gw.example.com", 443],
  ["2001:db8::1", "2001:db8::1", 15_443],
  ["[2001:db8::1]:30443", "2001:db8::1", 30_443],
])("--advertise %s is an address of a gateway", (text, address, port) => {
  expect(parseInstallArguments({ ...GIVEN, advertise: [text] })).toMatchObject({
    advertised: [{ name: "gateway-1", address, port }],
  });
});

test.each(["", ":15443", "gw:", "gw:0", "gw:70000", "a b:1", "[gw]:1", "2001:db8::1:x", "1.2.3:80", "http://gw:1"])(
  "--advertise %s is none",
  (text) => {
    expect(parseInstallArguments({ ...GIVEN, advertise: [text] })).toEqual([
      `--advertise: "${text}" is not of the form HOST:PORT, an IP address or a DNS name and a port`,
    ]);
  },
);

test.each([
  "tandem",
  "tandem:1.2.3",
  "registry.example.com:5000/team/tandem:v1",
  `ghcr.io/a/b@sha256:${"a".repeat(64)}`,
])("%s is a reference of an image", (image) => {
  expect(parseInstallArguments({ ...GIVEN, image })).toMatchObject({ image });
});

describe("everything that is wrong is said at once", () => {
  test.each<[string, Partial<InstallArguments>, readonly string[]]>([
    ["nothing is advertised", { advertise: [] }, ["--advertise is missing: where do other sites reach the gateways?"]],
    [
      "twice the same",
      { advertise: ["GW:1", "gw:1"], namespaces: "shop, shop" },
      ["--namespaces: shop is given twice", "--advertise: gw port 1 is given twice"],
    ],
    [
      "names that are none",
      { site: "West", namespace: "a.b", namespaces: "shop,", image: "Tandem" },
      ["--site", "--namespace", "--namespaces", "--image"],
    ],
    ["labels that are too long", { label: { region: "x".repeat(254) } }, ["--label region: is longer"]],
  ])("%s", (_what, given, problems) => {
    const found = parseInstallArguments({ ...GIVEN, ...given });
    expect(found).toHaveLength(problems.length);
    for (const [index, problem] of problems.entries()) expect((found as readonly string[])[index]).toContain(problem);
  });
});
