/**
 * What a controller outside a cluster leaves on the disk of its machine, and that people are told of it.
 * @module
 */
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { enrolController } from "../../src/apps/cli/cluster/enrolment.ts";
import { controllerCommand } from "../../src/apps/cli/commands/controller.ts";
import { SimulatedCluster } from "../kube/simulated-cluster.ts";
import { connect } from "./kube-world.ts";
import { helpOf } from "./run-cli.ts";

let cluster: SimulatedCluster;
let directory: string;

beforeEach(async () => {
  cluster = await SimulatedCluster.start({ namespaces: ["tandem-system"] });
  directory = await mkdtemp(join(tmpdir(), "tandem-controller-state-"));
});

afterEach(async () => {
  await cluster.close();
  await rm(directory, { recursive: true });
});

test("the site's authority is a copy of the Secret that only this user may read, and can be had again after it was removed", async () => {
  const kubeconfig = join(directory, "kubeconfig");
  await writeFile(kubeconfig, cluster.kubeconfig(), { mode: 0o600 });
  const client = await connect(kubeconfig);
  const names = { site: "west", replica: "controller", namespace: "tandem-system" };
  const state = join(directory, "state");
  await enrolController(state, names, client);
  const key = await readFile(join(state, "authority.key"), "utf8");
  const modes = await Promise.all([state, join(state, "authority.key")].map(async (path) => (await stat(path)).mode));
  expect(modes.map((mode) => (mode & 0o777).toString(8))).toEqual(["700", "600"]);
  await rm(state, { recursive: true });
  await enrolController(state, names, client);
  expect(await readFile(join(state, "authority.key"), "utf8")).toBe(key);
});

test.each([
  ["the help", () => Promise.resolve(helpOf(controllerCommand()))],
  ["docs/kubernetes.md", () => readFile(new URL("../../docs/kubernetes.md", import.meta.url), "utf8")],
])("%s says where the key is, who may read it, and what to do with it afterwards", async (_where, read) => {
  const text = await read();
  for (const word of ["authority.key", "0600", "tandem-authority", "Remove the directory"])
    expect(text).toContain(word);
});
