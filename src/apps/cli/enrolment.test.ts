import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readGatewayRecord, statePaths } from "../../adapters/state/state-directory.ts";
import { initialiseSite, type SiteManifest } from "./enrolment.ts";

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

test("a manifest that cannot be written leaves the state directory free; one that is there stays", async () => {
  const inFile = { file: join(manifest.file, "site.yaml"), text: "kind: Site\n" };
  await initialiseSite(join(state, "../first"), names, manifest, Date.now());
  await expect(initialiseSite(state, names, inFile, Date.now())).rejects.toMatchObject({ code: "EEXIST" });
  await initialiseSite(state, names, { ...manifest, text: "kind: Other\n" }, Date.now());
  expect(await readFile(manifest.file, "utf8")).toBe("kind: Site\n");
});
