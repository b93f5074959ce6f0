import { expect, test } from "vitest";
import { openFilesLimit, parseOpenFilesLimit } from "./open-files.ts";

test("the limit of open files is read, none where there is none", async () => {
  const text =
    "Limit                     Soft Limit           Hard Limit           Units     \n" +
    "Max processes             94822                94822                processes \n" +
    "Max open files            20000                20000                files     \n";
  expect(parseOpenFilesLimit(text)).toBe(20_000);
  expect(
    parseOpenFilesLimit(text.replace("20000                20000", "unlimited            unlimited")),
  ).toBeUndefined();
  expect(parseOpenFilesLimit("")).toBeUndefined();
  expect(await openFilesLimit()).toBeGreaterThan(0);
});
