import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ERRORS } from "./errors.ts";

const page = readFileSync(join(import.meta.dirname, "../../docs/errors.md"), "utf8");

test("docs/errors.md lists exactly the errors of the catalogue, with their words", () => {
  const rows = [...page.matchAll(/^\| `(\w+)` \| (\d) \| (.+?) \| (.+?) \|$/gm)].map(
    ([, code, exit, meaning, remedy]) => [code, { exit: Number(exit), meaning, remedy }],
  );
  expect(Object.fromEntries(rows)).toEqual(ERRORS);
});
