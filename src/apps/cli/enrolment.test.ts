import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readGatewayRecord, statePaths } from "../../adapters/state/state-directory.ts";
import { formatToken, type Token } from "../../adapters/pki/token.ts";
import { enrolGateway, initialiseSite, type SiteManifest } from "./enrolment.ts";

let state: string;
let manifest: SiteManifest;
const names = { site: "west", gateway: "west-1" };

beforeEach(async () => {
  state = join(await mkdtemp(join(tmpdir(), "tandem-enrolment-")), "state");
  manifest = { file: join(state, "../site/site.yaml"), text: "kind: Site\n" };
});

afterEach(() => rm(join(state, ".."), { recursive: true }));

test("the state directory of a first gateway holds its record and the authority", async () => {
  await initialiseSite(state, names, manifest, Date.now());
  expect(await readdir(state)).toEqual(["authority.key", "authority.pem", "gateway.json"]);
  expect(await readGatewayRecord(statePaths(state))).toEqual({ ...names, issuer: true });
});

test("a directory that is in use is refused, and its authority stays", async () => {
  await initialiseSite(state, names, manifest, Date.now());
  const { authorityKey } = statePaths(state);
  const before = await readFile(authorityKey, "utf8");
  await expect(initialiseSite(state, names, manifest, Date.now())).rejects.toMatchObject({
    code: "AlreadyInitialised",
  });
  expect(await readFile(authorityKey, "utf8")).toBe(before);
});

test("a directory whose set-up was interrupted is set up again", async () => {
  await initialiseSite(state, names, manifest, Date.now());
  const { record, authorityCertificate } = statePaths(state);
  // What is written last is missing first.
  await rm(record);
  await rm(authorityCertificate);
  await initialiseSite(state, names, manifest, Date.now());
  expect(await readGatewayRecord(statePaths(state))).toEqual({ ...names, issuer: true });
});

test("a manifest that cannot be written leaves the state directory free", async () => {
  const inFile = { file: join(manifest.file, "site.yaml"), text: "kind: Site\n" };
  await initialiseSite(join(state, "../first"), names, manifest, Date.now());
  await expect(initialiseSite(state, names, inFile, Date.now())).rejects.toMatchObject({ code: "EEXIST" });
  expect(existsSync(state)).toBe(false);
});

test("a manifest that says the same stays as it is; of one that says something else nothing is written", async () => {
  await initialiseSite(join(state, "../first"), names, manifest, Date.now());
  const other = { ...manifest, text: "kind: Other\n" };
  await expect(initialiseSite(state, names, other, Date.now())).rejects.toMatchObject({
    code: "SiteManifestDiffers",
    exit: 5,
    message: expect.stringContaining(manifest.file) as unknown,
  });
  expect(existsSync(state)).toBe(false);
  await initialiseSite(state, names, { ...manifest, text: "# ours\n{kind: 'Site'}\n" }, Date.now());
  expect(await readFile(manifest.file, "utf8")).toBe("kind: Site\n");
});

test("a state directory whose path is too long for its sockets is refused, and nothing is written", async () => {
  const long = join(state, "x".repeat(100));
  await expect(initialiseSite(long, names, manifest, Date.now())).rejects.toMatchObject({ code: "InvalidArgument" });
  expect(existsSync(manifest.file)).toBe(false);
  expect(existsSync(state)).toBe(false);
});

test("a site below a directory of the kernel is refused at once", async () => {
  const refused = initialiseSite("/proc/tandem/state", names, manifest, Date.now());
  await expect(refused).rejects.toHaveProperty("code");
  expect(existsSync(manifest.file)).toBe(false);
});

test("a token that cannot be redeemed leaves no directory behind, and one that was there where it is", async () => {
  const token: Token = {
    kind: "gateway",
    site: "west",
    for: "west-2",
    addresses: ["127.0.0.1:1"],
    authority: "",
    id: "x",
    secret: "x",
    expires: 0,
  };
  const below = join(state, "a/b");
  await expect(enrolGateway(below, formatToken(token))).rejects.toMatchObject({ code: "JoinFailed" });
  expect(existsSync(state)).toBe(false);
  await mkdir(state);
  await expect(enrolGateway(state, formatToken(token))).rejects.toMatchObject({ code: "JoinFailed" });
  expect(existsSync(state)).toBe(true);
});
