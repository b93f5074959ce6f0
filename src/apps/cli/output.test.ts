import { readFile } from "node:fs/promises";
import { afterEach, expect, test, vi } from "vitest";
import { z } from "zod";
import { ERRORS } from "../../model/errors.ts";
import { printError } from "./output.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

/** What is printed of an error, and the exit code. */
function printed(error: unknown): { readonly text: string; readonly exit: number } {
  const write = vi.spyOn(process.stderr, "write").mockReturnValue(true);
  const exit = printError(error);
  return { text: write.mock.calls.map(([text]) => String(text)).join(""), exit };
}

const systemError = (code: string): Error => Object.assign(new Error(`${code}: refused, open '/x'`), { code });

test.each(["EACCES", "EPERM", "ENOENT", "EISDIR", "ENOTDIR", "ENOSPC", "EROFS", "EMFILE", "EADDRINUSE"])(
  "%s is shown with a code of the catalogue and a remedy of its own",
  (code) => {
    const { text, exit } = printed(systemError(code));
    expect(exit).toBe(3);
    expect(text).toMatch(/SystemRefused: E[A-Z]+: refused, open '\/x'\n {2}\S/);
    expect(text).not.toContain(ERRORS.SystemRefused.remedy);
  },
);

test("a refusal that nobody thought of has the catalogue's remedy", () => {
  expect(printed(systemError("EIO")).text).toContain(ERRORS.SystemRefused.remedy);
});

test("what the system itself throws is recognised", async () => {
  const error: unknown = await readFile("/proc/no-such-file").catch((thrown: unknown) => thrown);
  expect(printed(error).exit).toBe(3);
});

test("an error of Node's own is not the system's", () => {
  const { text, exit } = printed(Object.assign(new Error("bad"), { code: "ERR_INVALID_ARG_TYPE" }));
  expect({ text, exit }).toEqual({ text: expect.stringContaining("error: bad") as unknown, exit: 1 });
});

test("fields of the wrong form are all named, with a remedy after them", () => {
  const { error } = z.object({ name: z.string("is missing"), port: z.number("is missing") }).safeParse({});
  const { text, exit } = printed(error);
  expect(exit).toBe(2);
  expect(text.split("\n")).toEqual([
    expect.stringContaining("InvalidArgument: name: is missing"),
    expect.stringContaining("InvalidArgument: port: is missing"),
    `  ${ERRORS.InvalidArgument.remedy}`,
    "",
  ]);
});
