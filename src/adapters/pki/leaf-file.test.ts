import { createPrivateKey, X509Certificate } from "node:crypto";
import { mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createAuthority, type PemPair } from "./certificate-authority.ts";
import { readLeaf, writeLeaf } from "./leaf-file.ts";

let directory: string;
let path: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "tandem-leaf-"));
  path = join(directory, "leaf.pem");
});

afterEach(() => rm(directory, { recursive: true }));

const pair = (): Promise<PemPair> => createAuthority("west.tandem", Date.now());

test("certificate and key come back as a pair that fits", async () => {
  await writeLeaf(path, await pair());
  const read = await readLeaf(path);
  expect(new X509Certificate(read?.certificate ?? "").checkPrivateKey(createPrivateKey(read?.key ?? ""))).toBe(true);
});

test("a new pair replaces the old one in one file that only this user can read", async () => {
  await writeLeaf(path, await pair());
  const second = await pair();
  await writeLeaf(path, second);
  expect((await readLeaf(path))?.key.trim()).toBe(second.key.trim());
  expect(await readdir(directory)).toEqual(["leaf.pem"]);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
});

test("what was written is what is read, byte by byte", async () => {
  const { certificate, key } = await pair();
  const written = await writeLeaf(path, { certificate: certificate.trimEnd(), key: `${key}\n\n` });
  expect(await readLeaf(path)).toEqual(written);
});

test("without the file there is no pair", async () => {
  expect(await readLeaf(path)).toBeUndefined();
});

test("a certificate without its key is refused, with what to do", async () => {
  await writeFile(path, (await pair()).certificate);
  await expect(readLeaf(path)).rejects.toMatchObject({ code: "AgentCannotStart" });
});
