import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { askAdmin } from "../../adapters/envoy/admin-client.ts";
import { callLocal } from "../../adapters/http/local-client.ts";
import { markDraining } from "../../adapters/state/drain-mark.ts";
import { type StatePaths, statePaths } from "../../adapters/state/state-directory.ts";
import { admitGateway } from "./admit.ts";

vi.mock("../../adapters/envoy/admin-client.ts", () => ({
  askAdmin: vi.fn(() => Promise.resolve('{"state":"LIVE"}')),
  countFailingHops: () => Promise.resolve(0),
}));
vi.mock("../../adapters/http/local-client.ts", () => ({ callLocal: vi.fn(() => Promise.resolve()) }));

async function draining(): Promise<StatePaths> {
  const directory = await mkdtemp(join(tmpdir(), "tandem-admit-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  const paths = statePaths(directory);
  markDraining(paths);
  return paths;
}

test("a gateway that is taken into service drains no more: the mark goes before the agent is told", async () => {
  const paths = await draining();
  vi.mocked(callLocal).mockImplementationOnce((_socket, _method, path, body) => {
    expect([path, body, existsSync(paths.draining)]).toEqual(["/drain", { draining: false }, false]);
    return Promise.resolve();
  });
  await admitGateway(paths, () => true);
  expect(callLocal).toHaveBeenCalledOnce();
});

test("one that is to drain before it was taken into service keeps its mark", async () => {
  const paths = await draining();
  vi.mocked(callLocal).mockClear();
  await admitGateway(paths, () => !vi.mocked(askAdmin).mock.calls.some(([, , path]) => path === "/healthcheck/ok"));
  expect([existsSync(paths.draining), vi.mocked(callLocal).mock.calls]).toEqual([true, []]);
});

test("where the mark cannot be taken away, the gateway serves and the agent is told all the same", async () => {
  const paths = await draining();
  await rm(paths.draining);
  await mkdir(join(paths.draining, "in-the-way"), { recursive: true });
  vi.mocked(callLocal).mockClear();
  await admitGateway(paths, () => true);
  expect(callLocal).toHaveBeenCalledOnce();
});
