import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { createStateDirectory, writeGatewayRecord } from "../../adapters/state/state-directory.ts";
import { GATEWAY_DEFAULTS, runGateway, untilSetUp } from "./index.ts";

test("a damaged record of processes is said and does not keep a gateway from starting", async () => {
  const stateDirectory = await mkdtemp(join(tmpdir(), "tandem-gateway-"));
  onTestFinished(() => rm(stateDirectory, { recursive: true }));
  const paths = await createStateDirectory(stateDirectory);
  await writeGatewayRecord(paths, { site: "west", gateway: "west-1", issuer: true });
  await writeFile(paths.gatewayProcess, '{"gateway": {"pi');
  const said: string[] = [];
  const started = runGateway({
    ...GATEWAY_DEFAULTS,
    stateDirectory,
    concurrency: 1,
    environment: { TANDEM_ENVOY: join(stateDirectory, "missing") },
    say: (text) => said.push(text),
  });
  // It comes as far as looking for Envoy.
  await expect(started).rejects.toMatchObject({ code: "ENVOY_NOT_EXECUTABLE" });
  expect(said.join("\n")).toContain("envoy.pid.json is damaged");
});

test("a state directory that is set up already is not waited for, one that is not is waited for and said", async () => {
  const stateDirectory = await mkdtemp(join(tmpdir(), "tandem-gateway-"));
  onTestFinished(() => rm(stateDirectory, { recursive: true }));
  const said: string[] = [];
  const waiting = untilSetUp(stateDirectory, (text) => said.push(text));
  await expect.poll(() => said).toEqual([`waiting for an agent to set ${stateDirectory} up`]);
  const paths = await createStateDirectory(stateDirectory);
  await writeGatewayRecord(paths, { site: "west", gateway: "west-1", issuer: true });
  await waiting;
  await untilSetUp(stateDirectory, (text) => said.push(text));
  expect(said).toHaveLength(1);
});
