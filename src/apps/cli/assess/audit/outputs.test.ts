import { readFileSync } from "node:fs";
import { join } from "node:path";
import Ajv04 from "ajv-draft-04";
import addFormats from "ajv-formats";
import { beforeAll, describe, expect, test } from "vitest";
import { validateXML } from "xmllint-wasm";
import { auditYaml, NOW, snapshotOf } from "../../../../../test/audit/audit-yaml.ts";
import type { AuditResult } from "../../../../core/audit/audit.ts";
import { auditView } from "../../../../core/audit/audit-view.ts";
import { AUDIT_RULES } from "../../../../core/audit/rules/index.ts";
import { formatAudit } from "./audit-table.ts";
import { auditHtml } from "./html.ts";
import { junitXml } from "./junit.ts";
import { auditMarkdown } from "./markdown.ts";
import { sarifLog } from "./sarif.ts";

const ROOT = join(import.meta.dirname, "../../../../..");
const SCHEMAS = join(ROOT, "test/fixtures/audit/schemas");
const EXAMPLE = readFileSync(join(ROOT, "examples/audit-cluster.yaml"), "utf8");

/** Names that would be markup if they were not escaped, and a character that XML cannot have. */
const HOSTILE = `apiVersion: apps/v1
kind: Deployment
metadata: {name: "<script>alert(1)</script>&\\"'|", namespace: "]]>", labels: {owner: "<b>\\u0001"}}
spec: {selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: {containers: [{name: "<i>", image: "x\\u0002"}]}}}
`;

let result: AuditResult;
let hostile: AuditResult;

beforeAll(() => {
  const locate = (): { file: string; line: number } => ({ file: "my manifests/ü #1?.yaml", line: 3 });
  result = auditYaml(EXAMPLE, { locate });
  hostile = auditYaml(HOSTILE, { locate });
});

describe("SARIF", () => {
  test("is valid, and so is that of nothing and of names that are markup", () => {
    const schema: unknown = JSON.parse(readFileSync(join(SCHEMAS, "sarif-2.1.0.json"), "utf8"));
    const ajv = new Ajv04.default({ strict: false, allErrors: true, unicodeRegExp: false });
    addFormats.default(ajv);
    const validate = ajv.compile(schema as object);
    for (const one of [result, hostile, auditYaml("")]) {
      validate(sarifLog(one, AUDIT_RULES, "1.2.3"));
      expect(validate.errors).toBe(null);
    }
    // The schema does refuse something.
    expect(validate({ version: "2.1.0" })).toBe(false);
  });

  test("has the place of each finding, and what a baseline knows", () => {
    const baseline = new Set([result.findings[0]?.fingerprint ?? ""]);
    const log = sarifLog(
      auditYaml(EXAMPLE, { baseline, locate: () => ({ file: "a.yaml", line: 7 }) }),
      AUDIT_RULES,
      "1.2.3",
    );
    expect(log).toMatchObject({
      runs: [
        {
          results: expect.arrayContaining([
            expect.objectContaining({
              baselineState: "unchanged",
              locations: [
                expect.objectContaining({
                  physicalLocation: { artifactLocation: { uri: "a.yaml" }, region: { startLine: 7 } },
                }),
              ],
            }),
            expect.objectContaining({ baselineState: "new" }),
          ]),
        },
      ],
    });
  });
});

describe("JUnit", () => {
  const schema = readFileSync(join(SCHEMAS, "junit-10.xsd"), "utf8");
  const problemsOf = async (contents: string): Promise<readonly string[]> =>
    (await validateXML({ xml: [{ fileName: "audit.xml", contents }], schema: [schema] })).errors.map(
      ({ message }) => message,
    );

  test("is valid, and so is that of nothing and of names that are markup", async () => {
    for (const one of [result, hostile, auditYaml("")])
      expect(await problemsOf(junitXml(one, AUDIT_RULES))).toEqual([]);
    expect(await problemsOf("<testsuites><testcase/></testsuites>")).not.toEqual([]);
  });

  test("what the baseline knows does not fail", () => {
    const baseline = new Set(result.findings.map(({ fingerprint }) => fingerprint));
    expect(junitXml(auditYaml(EXAMPLE, { baseline }), AUDIT_RULES)).toContain('failures="0" errors="0" time="0">');
  });
});

describe("HTML", () => {
  test("needs nothing else, and has the map of zones, nodes and pods", () => {
    const html = auditHtml(result, auditView(snapshotOf(EXAMPLE), NOW));
    expect(html).not.toMatch(/<script|<link|src=|url\(|https?:/);
    expect(html.match(/class="zone"/g)).toHaveLength(3);
    expect(html.match(/class="node"/g)).toHaveLength(8);
    expect(html).toContain('data-workload="shop/cart"><title>shop/cart: cart-1-0</title>');
    expect(html).toContain("simulated: loss of node a1 leaves 0 of 3");
  });

  test("names are text, never markup", () => {
    const html = auditHtml(hostile, auditView(snapshotOf(HOSTILE), NOW));
    expect(html).not.toMatch(/<script>|<i>|<b>\u{fffd}/u);
    expect(html).toContain("&lt;script&gt;alert(1)&lt;/script&gt;");
  });
});

test("Markdown: a pipe in a name ends no cell", () => {
  const rows = auditMarkdown(hostile)
    .split("\n")
    .filter((line) => line.startsWith("| single"));
  expect(rows[0]?.match(/(?<!\\)\|/g)).toHaveLength(5);
});

test("the first screen has at most 25 lines: the worst first, owners, a next step and the assumptions", () => {
  const text = formatAudit(result, { all: false, paths: ["examples"] });
  const lines = text.split("\n");
  expect(lines.length).toBeLessThanOrEqual(25);
  expect(lines[3]).toMatch(/^critical +standby-incomplete /);
  expect(text).toMatch(/checkout/);
  expect(text).toMatch(/tandem audit --explain standby-incomplete/);
  expect(text).toMatch(/losses simulated, without time/);
  expect(formatAudit(result, { all: true, paths: [] }).split("\n").length).toBeGreaterThan(25);
});
