import { mkdtemp, readFile, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { formatToken, parseToken, TOKEN_LIFE_MS, TokenDesk, type Token } from "./token.ts";

let directory: string;
let desk: TokenDesk;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "tandem-token-"));
  desk = await TokenDesk.open(join(directory, "tokens"));
});

afterEach(() => rm(directory, { recursive: true }));

const issue = (): Promise<Token> =>
  desk.issue({ kind: "site", for: "east", site: "west", addresses: ["192.0.2.1:15443"], authority: "PEM" }, 1_000);

test("a token is one word and comes back whole", async () => {
  const token = await issue();
  const text = formatToken(token);
  expect(text).toMatch(/^tandem-1\.[\w-]+$/);
  expect(parseToken(`${text}\n`)).toEqual(token);
});

test("a token that was cut is refused with a code", async () => {
  const text = formatToken(await issue());
  expect(() => parseToken(text.slice(0, -20))).toThrow(expect.objectContaining({ code: "TokenInvalid" }));
});

test("a token works once", async () => {
  const token = await issue();
  await desk.use(token, 2_000);
  await expect(desk.use(token, 2_000)).rejects.toMatchObject({ code: "TokenRefused" });
});

test("of two uses at once exactly one succeeds", async () => {
  const token = await issue();
  const results = await Promise.allSettled([desk.use(token, 2_000), desk.use(token, 2_000)]);
  expect(results.map((result) => result.status).sort()).toEqual(["fulfilled", "rejected"]);
});

test("of many uses at once none comes back after a restart", async () => {
  const tokens = await Promise.all(Array.from({ length: 8 }, issue));
  await Promise.all(tokens.map((token) => desk.use(token, 2_000)));
  const reopened = await TokenDesk.open(join(directory, "tokens"));
  expect(reopened.liveUntil(2_000)).toBeUndefined();
});

test("one write that failed does not keep later ones from the disk", async () => {
  const [first, second] = [await issue(), await issue()];
  await rename(directory, `${directory}.away`);
  await expect(desk.use(first, 2_000)).rejects.toMatchObject({ code: "ENOENT" });
  await rename(`${directory}.away`, directory);
  await desk.use(second, 2_000);
});

test.each([
  ["another name", { for: "north" }],
  ["another kind", { kind: "gateway" as const }],
  ["a wrong secret", { secret: "guess" }],
  ["an unknown token", { id: "guess" }],
])("%s is refused, and the token is still good", async (_name, change) => {
  const token = await issue();
  await expect(desk.use({ ...token, ...change }, 2_000)).rejects.toMatchObject({ code: "TokenRefused" });
  await desk.use(token, 2_000);
});

test("a token ends by itself", async () => {
  const token = await issue();
  expect(desk.liveUntil(2_000)).toBe(1_000 + TOKEN_LIFE_MS);
  await expect(desk.use(token, 1_000 + TOKEN_LIFE_MS)).rejects.toMatchObject({ code: "TokenRefused" });
  expect(desk.liveUntil(1_000 + TOKEN_LIFE_MS)).toBeUndefined();
});

test("tokens outlive a restart, and their secrets are not on disk", async () => {
  const token = await issue();
  expect(await readFile(join(directory, "tokens"), "utf8")).not.toContain(token.secret);
  await (await TokenDesk.open(join(directory, "tokens"))).use(token, 2_000);
});
