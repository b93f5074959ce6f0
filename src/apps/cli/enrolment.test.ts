import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readGatewayRecord, statePaths } from "../../adapters/state/state-directory.ts";
import { initialiseSite } from "./enrolment.ts";

let state: string;
const names = { site: "west", gateway: "west-1" };

beforeEach(async () => {
  state = join(await mkdtemp(join(tmpdir(), "tandem-enrolment-")), "state");
});

afterEach(() => rm(join(state, ".."), { recursive: true }));

test("the state directory of a first gateway holds its record and the authority", async () => {
  await initialiseSite(state, names, Date.now());
  expect(await readdir(state)).toEqual(["authority.key", "authority.pem", "gateway.json"]);
  expect(await readGatewayRecord(statePaths(state))).toEqual({ ...names, issuer: true });
});

test("a directory that is in use is refused, and its authority stays", async () => {
  await initialiseSite(state, names, Date.now());
  const { authorityKey } = statePaths(state);
  const before = await readFile(authorityKey, "utf8");
  await expect(initialiseSite(state, names, Date.now())).rejects.toMatchObject({ code: "AlreadyInitialised" });
  expect(await readFile(authorityKey, "utf8")).toBe(before);
});

test("a directory whose set-up was interrupted is set up again", async () => {
  await initialiseSite(state, names, Date.now());
  const { record, authorityCertificate } = statePaths(state);
  // What is written last is missing first.
  await rm(record);
  await rm(authorityCertificate);
  await initialiseSite(state, names, Date.now());
  expect(await readGatewayRecord(statePaths(state))).toEqual({ ...names, issuer: true });
});
