import { mkdtemp, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { TandemError } from "../../model/errors.ts";
import type { Agent } from "./agent.ts";
import { JoinDesk } from "./join-desk.ts";

type Redeem = Parameters<Agent["openJoin"]>[0];

let directory: string;
let desk: JoinDesk;
let redeem: Redeem;
let admit: () => Promise<void>;
/** What was logged: level, event, error. */
let logged: string[];

const east = { name: "east", gateways: [], trustBundle: "PEM", labels: {}, accepted: true, at: 1 };

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "tandem-desk-"));
  logged = [];
  admit = () => Promise.resolve();
  const agent = {
    paths: { tokens: join(directory, "tokens") },
    record: { site: "west", gateway: "west-1", issuer: true },
    sign: () => Promise.resolve("certificate"),
    ownSite: () => ({
      ...east,
      name: "west",
      gateways: [{ name: "west-1", address: "192.0.2.1", port: 15443 }],
    }),
    members: () => [],
    admit: () => admit(),
    openJoin: (open: Redeem) => {
      redeem = open;
    },
  };
  const line =
    (level: string) =>
    (event: string, fields: Readonly<Record<string, unknown>> = {}): void => {
      const { error } = fields;
      logged.push(`${level} ${event}${typeof error === "string" ? ` ${error}` : ""}`);
    };
  desk = await JoinDesk.open(agent as unknown as Agent, {
    clock: { now: () => 1_000, after: () => () => {} },
    log: { info: line("info"), warn: line("warn"), error: line("error") },
  });
});

afterEach(async () => {
  desk.close();
  await rm(directory, { recursive: true });
});

/** A new token as a site comes with it. */
async function shownToken(): Promise<object> {
  const { id, secret } = await desk.issue("site", "east");
  logged = [];
  return { kind: "site", id, secret, for: "east", site: east };
}

const come = (shown: object): ReturnType<NonNullable<Redeem>> | undefined => redeem?.(JSON.stringify(shown));

test("a good token lets a site in", async () => {
  expect(await come(await shownToken())).toMatchObject({ status: 200 });
  expect(logged).toEqual(["info token_redeemed"]);
});

test.each([
  ["a wrong secret", { secret: "guess" }, "warn token_refused TokenRefused"],
  ["a malformed request", { secret: 1 }, "warn token_refused malformed request"],
])("%s is refused and logged as such", async (_name, change, line) => {
  expect(await come({ ...(await shownToken()), ...change })).toEqual({ status: 403, body: "{}" });
  expect(logged).toEqual([line]);
});

test("an error on this side is logged as what it is, and told to nobody else", async () => {
  const shown = await shownToken();
  await rename(directory, `${directory}.away`);
  const answer = await come(shown);
  await rename(`${directory}.away`, directory);
  expect(answer).toEqual({ status: 403, body: "{}" });
  expect(logged).toEqual([expect.stringMatching(/^error token_not_redeemed Error: ENOENT/)]);
});

test("a site whose record could not be written is not told that it is in", async () => {
  admit = () => Promise.reject(new TandemError("StateNotWritten", "not on disk"));
  expect(await come(await shownToken())).toEqual({ status: 403, body: "{}" });
  expect(logged).toEqual([expect.stringMatching(/^error token_not_redeemed .*not on disk/)]);
});
