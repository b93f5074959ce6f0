import { describe, expect, test } from "vitest";
import { formatProblem } from "../../model/problem.ts";
import { parseManifest } from "./parse-manifest.ts";

function problemsOf(text: string): string[] {
  const parsed = parseManifest("web.yaml", text);
  return parsed.ok ? [] : parsed.problems.map(formatProblem);
}

const POLICY = `apiVersion: tandem.dev/v1alpha1
kind: FailoverPolicy
metadata: {name: web, namespace: shop}
spec:
  targetRefs: [{kind: Service, name: web}]
  sites:
  - name: west
  - name: east
`;

describe("a manifest with a mistake is refused, with file, line, field and what to do", () => {
  test.each([
    [
      "an unknown field",
      `${POLICY}  minHealthPercent: 50\n`,
      "web.yaml:9: spec.minHealthPercent: unknown field. Did you mean minHealthyPercent?",
    ],
    [
      "an unknown field deep inside",
      `${POLICY}  retry:\n    atempts: 3\n`,
      "web.yaml:10: spec.retry.atempts: unknown field. Did you mean attempts?",
    ],
    [
      "a wrong duration",
      `${POLICY}  timeout: 5 seconds\n`,
      "web.yaml:9: spec.timeout: is not a duration; write for example 250ms, 1s or 5m. Correct it and save the file",
    ],
    [
      "a site's name that is none",
      POLICY.replace("name: west", "name: West"),
      "web.yaml:7: spec.sites[0].name: is not a DNS label: lower-case letters, digits and '-', starting and ending with a letter or digit. Correct it and save the file",
    ],
    [
      "a site named twice",
      POLICY.replace("name: east", "name: west"),
      "web.yaml:6: spec.sites: names a site twice. Correct it and save the file",
    ],
    [
      "an unknown kind",
      "apiVersion: tandem.dev/v1alpha1\nkind: FailoverPolice\n",
      'web.yaml:2: kind: unknown kind "FailoverPolice". Did you mean FailoverPolicy?',
    ],
    [
      "no kind",
      "metadata: {name: x}\n",
      "web.yaml:1: has no kind. Add apiVersion and kind; known kinds are Site, FailoverPolicy, Switch, Service, EndpointSlice",
    ],
    [
      "a check of two kinds",
      `${POLICY}  healthCheck: {http: {path: /}, tcp: {}}\n`,
      "web.yaml:9: spec.healthCheck: has both http and tcp; keep one. Correct it and save the file",
    ],
    [
      "a question without an answer",
      `${POLICY}  healthCheck: {tcp: {send: ping}}\n`,
      "web.yaml:9: spec.healthCheck.tcp: needs both send and receive, or neither. Correct it and save the file",
    ],
    [
      "a mode that is not in force here",
      `${POLICY}  mode: Direct\n`,
      "web.yaml:9: spec.mode: Direct is not in force on static sites: there is no Service address to switch. Write Gateway, or leave mode out",
    ],
    [
      "a failback that is not in force yet",
      `${POLICY}  failback: {mode: Manual}\n`,
      "web.yaml:9: spec.failback.mode: Manual failback is not in force yet. Write Auto with a long holdDown, or use tandem switch to stay on a site",
    ],
    [
      "an EndpointSlice of no Service",
      "apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: {name: x}\naddressType: IPv4\nports: []\nendpoints: []\n",
      "web.yaml:3: metadata.labels: has no label kubernetes.io/service-name, so it belongs to no Service. Correct it and save the file",
    ],
    [
      "a UDP port",
      "apiVersion: v1\nkind: Service\nmetadata: {name: dns}\nspec:\n  ports:\n  - {port: 53, protocol: UDP}\n",
      "web.yaml:6: spec.ports[0].protocol: UDP is not carried by gateways. Remove the port or make it TCP",
    ],
    [
      "a label that no other site would take",
      `apiVersion: tandem.dev/v1alpha1\nkind: Site\nmetadata: {name: west}\nspec:\n  gateways: [{name: west-1, address: 192.0.2.1}]\n  labels: {region: ${"x".repeat(254)}}\n`,
      "web.yaml:6: spec.labels.region: is longer than 253 characters. Correct it and save the file",
    ],
    [
      "a reason that would do something to a terminal",
      'apiVersion: tandem.dev/v1alpha1\nkind: Switch\nmetadata: {name: web}\nspec:\n  targetRef: {kind: Service, name: web}\n  to: east\n  reason: "red \\e[31m"\n',
      "web.yaml:7: spec.reason: has control characters such as line breaks: write one line of plain text. Correct it and save the file",
    ],
    [
      "a time that is none",
      "apiVersion: tandem.dev/v1alpha1\nkind: Switch\nmetadata: {name: web}\nspec:\n  targetRef: {kind: Service, name: web}\n  to: east\n  until: tomorrow\n",
      "web.yaml:7: spec.until: is not an RFC 3339 time such as 2026-12-01T06:00:00Z. Correct it and save the file",
    ],
  ])("%s", (_name, text, message) => {
    expect(problemsOf(text)).toEqual([message]);
  });

  test("broken YAML is named with its line", () => {
    expect(problemsOf("kind: Site\n  bad: [\n")[0]).toMatch(/^web\.yaml:\d+:\d+: not valid YAML: /);
  });

  test("all problems of all documents are reported at once", () => {
    const text = `${POLICY}  timeout: x\n  colour: red\n---\nkind: Nothing\n`;
    expect(problemsOf(text)).toHaveLength(3);
  });
});

test("several documents, JSON and Lists are read", () => {
  const list = {
    kind: "List",
    apiVersion: "v1",
    items: [{ apiVersion: "v1", kind: "Service", metadata: { name: "web" }, spec: { ports: [{ port: 80 }] } }],
  };
  const parsed = parseManifest("all.yaml", `${POLICY}---\n${JSON.stringify(list)}\n---\n`);
  expect(parsed.ok && parsed.value.map(({ object, line }) => [object.kind, line])).toEqual([
    ["FailoverPolicy", 1],
    ["Service", 10],
  ]);
});

test("defaults are those of the design", () => {
  const parsed = parseManifest("web.yaml", POLICY);
  const object = parsed.ok ? parsed.value[0]?.object : undefined;
  expect(object?.kind === "FailoverPolicy" && object.spec).toMatchObject({
    prefer: "Local",
    minHealthyPercent: 50,
    profile: "standard",
    timeout: 0,
    retry: { attempts: 3, perTryTimeout: 1_000, hedge: true, crossSiteWrites: false },
    failback: { mode: "Auto", holdDown: 30_000 },
  });
});

test("aliases that would fill the memory are a problem of their file, and the other documents are still checked", () => {
  const levels = ["b", "c", "d", "e", "f", "g", "h"].map((name, index) => {
    const former = `*${"abcdefg"[index] ?? ""}`;
    return `${name}: &${name} [${Array.from({ length: 9 }, () => former).join(", ")}]`;
  });
  const bomb = ["kind: FailoverPolicy", "a: &a [x, x, x]", ...levels].join("\n");
  const problems = problemsOf(`${bomb}\n---\nkind: FailoverPolice\n`);
  expect(problems).toEqual([
    expect.stringMatching(/^web\.yaml:1: cannot be expanded: excessive alias count/) as unknown,
    expect.stringContaining("unknown kind") as unknown,
  ]);
});
