import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { formatProblem } from "../../src/model/problem.ts";
import { KINDS } from "../../src/model/kinds/index.ts";
import { unenforced } from "../../src/model/unenforced.ts";
import { checkManifests } from "../../src/apps/cli/check-manifests.ts";
import { fieldRows } from "./field-rows.ts";

const root = join(import.meta.dirname, "../..");
const page = await readFile(join(root, "docs/kinds.md"), "utf8");
const readme = await readFile(join(root, "README.md"), "utf8");
const OWN_KINDS = ["Site", "FailoverPolicy", "Switch"] as const;
const NOW = Date.parse("2026-05-01T12:00:00Z");

/** The text of a section. */
function section(title: string): string {
  return page.split(/^## /m).find((part) => part.startsWith(`${title}\n`)) ?? "";
}

/** Cells of the rows of a section's table, head left out. */
function rows(title: string): readonly (readonly string[])[] {
  return [...section(title).matchAll(/^\| (.+) \|$/gm)].slice(2).map(([, cells = ""]) => cells.split(" | "));
}

function examples(text: string): readonly string[] {
  return [...text.matchAll(/^```yaml\n(.*?)^```$/gms)].map(([, example = ""]) => example);
}

async function problemsOf(texts: readonly string[]): Promise<readonly string[]> {
  const directory = await mkdtemp(join(tmpdir(), "tandem-docs-"));
  try {
    for (const [index, text] of texts.entries()) await writeFile(join(directory, `${index}.yaml`), text);
    const { objects, problems } = await checkManifests([directory], NOW);
    expect(objects).toBeGreaterThanOrEqual(texts.length);
    return problems.map(formatProblem);
  } finally {
    await rm(directory, { recursive: true });
  }
}

describe("docs/kinds.md", () => {
  test.each(OWN_KINDS)("the table of %s has exactly the fields of its definition, each with a meaning", (kind) => {
    const listed = rows(kind);
    expect(listed.map(([field, type, byDefault]) => ({ field, type, default: byDefault }))).toEqual(
      fieldRows(KINDS[kind]).map((row) => ({ ...row, field: `\`${row.field}\`` })),
    );
    expect(listed.filter(([, , , meaning = ""]) => !/\S\.$/.test(meaning))).toEqual([]);
  });

  test("the examples of all kinds pass validation as one site", async () => {
    const texts = examples(page);
    expect(OWN_KINDS.filter((kind) => examples(section(kind)).length !== 1)).toEqual([]);
    expect(await problemsOf(texts)).toEqual([]);
  });

  test("the example of the README passes validation", async () => {
    expect(await problemsOf(examples(readme))).toEqual([]);
  });

  test("what is refused is listed with the words that validation has for it", () => {
    const objects = examples(page).flatMap((text) =>
      text.split(/^---$/m).map((one) => parse(one) as Record<string, unknown>),
    );
    const listed = rows("Refused for now");
    expect(listed).toHaveLength(4);
    for (const [kind, field = "", value = "", why, remedy] of listed) {
      const object = structuredClone(objects.find((one) => one["kind"] === kind)) ?? {};
      const path = field.replaceAll("`", "").split(".");
      setField(object, path, JSON.parse(value.replaceAll("`", "")));
      const parsed = KINDS[kind as (typeof OWN_KINDS)[number]].parse(object);
      expect(unenforced(parsed, "static")).toEqual([{ path, message: why, remedy }]);
    }
  });
});

function setField(object: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const [name = "", ...rest] = path;
  if (rest.length === 0) object[name] = value;
  else setField((object[name] ??= {}) as Record<string, unknown>, rest, value);
}
