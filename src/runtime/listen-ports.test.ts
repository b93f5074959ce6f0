import { describe, expect, test } from "vitest";
import type { Service } from "../model/kinds/index.ts";
import { formatProblem, type Problem } from "../model/problem.ts";
import { objectsOf, policyText, serviceText } from "../../test/view/object-set.ts";
import { auditListenPorts, inOrderOfPorts, ListenPorts, reservedPorts } from "./listen-ports.ts";

const RESERVED = reservedPorts(objectsOf({}), "west");

function service(name: string, listen?: string): Service {
  const found = objectsOf({ "a.yaml": serviceText(name, listen) }).service(`shop/${name}`);
  if (found === undefined) throw new Error(`no Service ${name}`);
  return found;
}

function portOf(ports: ListenPorts, of: Service): number | string {
  const [port] = of.spec.ports;
  const found: number | Problem = port === undefined ? Number.NaN : ports.portOf(of, port, RESERVED);
  return typeof found === "number" ? found : formatProblem(found);
}

describe("ports of the gateways", () => {
  test("the service that was there first keeps its port, and the newcomer is told of it", () => {
    const ports = new ListenPorts([], () => {});
    expect(portOf(ports, service("web", "10080"))).toBe(10080);
    expect(portOf(ports, service("api", "10080"))).toBe(
      'metadata.annotations["tandem.dev/listen"]: of Service shop/api: port 10080 is taken by port 80 of Service shop/web, which keeps it. Choose another port; 10081 is free',
    );
    expect(portOf(ports, service("web", "10080"))).toBe(10080);
  });

  test.each([
    ["is gone", (ports: ListenPorts): void => ports.release("shop/web/80")],
    ["takes another", (ports: ListenPorts): void => void portOf(ports, service("web", "10090"))],
    ["is allotted one", (ports: ListenPorts): void => void portOf(ports, service("web"))],
  ])("who waited for a port is looked at again, once, when its holder %s", (_name, change) => {
    const ports = new ListenPorts([], () => {});
    portOf(ports, service("web", "10080"));
    portOf(ports, service("api", "10080"));
    expect(ports.takeFreed()).toEqual([]);
    change(ports);
    expect(ports.takeFreed()).toEqual(["shop/api"]);
    expect(ports.takeFreed()).toEqual([]);
    expect(portOf(ports, service("api", "10080"))).toBe(10080);
  });

  test.each([
    ["15443", "for other sites", "15444"],
    ["15021", "for readiness", "15022"],
  ])("%s is the gateways' own, %s", (port, use, free) => {
    expect(portOf(new ListenPorts([], () => {}), service("web", port))).toBe(
      `metadata.annotations["tandem.dev/listen"]: of Service shop/web: port ${port} is the gateways' own, ${use}. Choose another port; ${free} is free`,
    );
  });

  test("a port that was allotted to one is not taken away by another's annotation, nor allotted twice", () => {
    const ports = new ListenPorts([["shop/web/80", 20_005]], () => {});
    expect(portOf(ports, service("api", "20005"))).toContain("is taken by port 80 of Service shop/web");
    expect(portOf(ports, service("web"))).toBe(20_005);
    const natural = Number(portOf(new ListenPorts([], () => {}), service("web")));
    const other = new ListenPorts([], () => {});
    expect(portOf(other, service("api", String(natural)))).toBe(natural);
    expect(portOf(other, service("web"))).toBe(natural + 1);
  });
});

describe("the ports of a whole site", () => {
  test("annotated ones come first, then those created first, then by name", () => {
    const older = serviceText("web", "10080").replace("shop,", 'shop, creationTimestamp: "2026-01-01T00:00:00Z",');
    const all = `${serviceText("any")}${serviceText("api", "10080")}${older}${["any", "api", "web"].map((name) => policyText(name)).join("")}`;
    expect(inOrderOfPorts(objectsOf({ "a.yaml": all }))).toEqual(["shop/web", "shop/api", "shop/any"]);
  });

  test("clashes are found with the place of the Service that has to change", () => {
    const objects = objectsOf({
      "api.yaml": serviceText("api", "10080") + policyText("api"),
      "web.yaml": serviceText("web", "10080") + policyText("web"),
      "unused.yaml": serviceText("unused", "10080"),
    });
    expect(auditListenPorts(objects).map(formatProblem)).toEqual([
      'web.yaml:1: metadata.annotations["tandem.dev/listen"]: of Service shop/web: port 10080 is taken by port 80 of Service shop/api, which keeps it. Choose another port; 10081 is free',
    ]);
  });

  test("a service that the own site does not list takes no port, and the Site says which are the gateways'", () => {
    const site =
      "apiVersion: tandem.dev/v1alpha1\nkind: Site\nmetadata: {name: west}\nspec: {gateways: [{name: west-1, address: 192.0.2.1, port: 16443}]}\n";
    const objects = objectsOf({
      "api.yaml": serviceText("api", "10080") + policyText("api", "[{name: east}]"),
      "site.yaml": site,
      "web.yaml": serviceText("web", "10080") + policyText("web"),
    });
    expect(auditListenPorts(objects)).toEqual([]);
    expect([...reservedPorts(objects, "west").keys()]).toEqual([16443, 15021]);
  });
});
