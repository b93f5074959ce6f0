import { readFileSync, rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { ask, askJson } from "./api-client.ts";
import { at, type Json, textAt } from "./api/json.ts";
import { ClusterRequests } from "./cluster-requests.ts";
import type { ClusterReady } from "./main.ts";
import { SimulatedCluster } from "./simulated-cluster.ts";

const CONFIGS = "/api/v1/namespaces/default/configmaps";

describe("in a test's own process", () => {
  let cluster: SimulatedCluster;
  let requests: ClusterRequests;

  beforeEach(async () => {
    cluster = await SimulatedCluster.start({ tls: false });
    requests = new ClusterRequests(cluster);
  });
  afterEach(() => cluster.close());

  test("too many requests, so many times", async () => {
    cluster.faults.add({
      match: { verb: "create", resource: "configmaps" },
      times: 1,
      answer: { kind: "status", status: 429, retryAfterSeconds: 1 },
    });
    const { status, headers, text } = await ask(cluster.access(), {
      method: "POST",
      path: CONFIGS,
      body: { metadata: { name: "a" } },
    });
    expect([status, headers["retry-after"], textAt(JSON.parse(text) as Json, "reason")]).toEqual([
      429,
      "1",
      "TooManyRequests",
    ]);
    expect((await requests.create(CONFIGS, { metadata: { name: "a" } })).status).toBe(201);
  });

  test("a cut before nothing was done, a cut after everything was", async () => {
    const create = (name: string): Promise<unknown> => requests.create(CONFIGS, { metadata: { name } });
    cluster.faults.add({ match: { verb: "create" }, times: 1, answer: { kind: "cut" } });
    await expect(create("a")).rejects.toThrow();
    cluster.faults.add({ match: { verb: "create" }, times: 1, answer: { kind: "cut-after" } });
    await expect(create("b")).rejects.toThrow();
    expect(cluster.list("/configmaps").map((object) => object.metadata.name)).toEqual(["b"]);
  });

  test("what is held back is carried out when it is let go, though its client has long been gone", async () => {
    const letGo = Promise.withResolvers<void>();
    const answer = { kind: "hold", until: letGo.promise } as const;
    cluster.faults.add({ match: { verb: "create", resource: "configmaps" }, times: 1, answer });
    const { url } = cluster.access();
    const gone = new AbortController();
    const headers = { "content-type": "application/json", authorization: `Bearer ${cluster.token()}` };
    const body = JSON.stringify({ metadata: { name: "a" } });
    const asked = fetch(`${url}${CONFIGS}`, { method: "POST", headers, body, signal: gone.signal });
    await expect.poll(() => cluster.requests.some(({ resource }) => resource === "configmaps")).toBe(true);
    gone.abort();
    await expect(asked).rejects.toThrow();
    expect(cluster.list("/configmaps")).toEqual([]);
    letGo.resolve();
    await cluster.until((now) => now.read("/configmaps", "a", "default"));
  });

  test("a slow list is answered after what came later", async () => {
    cluster.faults.add({ match: { verb: "list" }, times: 1, answer: { kind: "delay", ms: 100 } });
    const answered: string[] = [];
    const slow = requests.get(CONFIGS).then(() => answered.push("slow"));
    await expect.poll(() => cluster.requests.length, { interval: 1 }).toBe(1);
    await requests.get(CONFIGS).then(() => answered.push("quick"));
    await slow;
    expect(answered).toEqual(["quick", "slow"]);
  });

  test("a fault that is taken away meets nobody any more", async () => {
    const remove = cluster.faults.add({ match: {}, answer: { kind: "status", status: 503 } });
    expect((await requests.get(CONFIGS)).status).toBe(503);
    remove();
    expect((await requests.get(CONFIGS)).status).toBe(200);
  });

  test("a server that is down refuses connections, cuts those it had, and comes back with its objects", async () => {
    cluster.seed("/configmaps", { metadata: { name: "kept" } }, "default");
    const watch = ask(cluster.access(), { path: `${CONFIGS}?watch=1&resourceVersion=${cluster.revision}` });
    await expect.poll(() => cluster.openWatches()).toBe(1);
    const end = watch.then(
      () => "answered",
      () => "cut",
    );
    const { url } = cluster;
    await cluster.stop();
    expect(await end).toBe("cut");
    await expect(requests.get(CONFIGS)).rejects.toThrow("ECONNREFUSED");
    await cluster.restart();
    expect(cluster.url).toBe(url);
    expect((await requests.get(`${CONFIGS}/kept`)).status).toBe(200);
  });
});

test("a kubeconfig names server, authority and token", async () => {
  const cluster = await SimulatedCluster.start({ name: "west" });
  const config = parse(cluster.kubeconfig({ namespace: "shop" })) as Json;
  const ca = Buffer.from(textAt(config, "clusters", 0, "cluster", "certificate-authority-data") ?? "", "base64");
  const url = textAt(config, "clusters", 0, "cluster", "server") ?? "";
  const access = { url, caPem: ca.toString("utf8"), token: textAt(config, "users", 0, "user", "token") };
  expect(textAt(config, "current-context")).toBe("west");
  expect(at(await askJson(access, { path: "/version" }), "minor")).toBe("36");
  await expect(
    askJson({ ...access, caPem: (await SimulatedCluster.start()).caPem }, { path: "/version" }),
  ).rejects.toThrow();
  await cluster.close();
});

describe("as a process", () => {
  const MAIN = fileURLToPath(new URL("main.ts", import.meta.url));
  let folder: string;
  let child: ChildProcess | undefined;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "simulated-cluster-"));
  });
  afterEach(() => {
    child?.kill("SIGKILL");
    rmSync(folder, { recursive: true });
  });

  async function start(listen: string): Promise<ClusterReady> {
    const args = ["--listen", listen, "--state", join(folder, "state"), "--control", "127.0.0.1:0"];
    child = spawn(process.execPath, [MAIN, ...args], { stdio: ["ignore", "pipe", "inherit"] });
    if (child.stdout === null) throw new Error("no output to read");
    const [line] = (await once(createInterface(child.stdout), "line")) as [string];
    return JSON.parse(line) as ClusterReady;
  }

  test("killed and started again it has the same objects, address and certificate, and no history", async () => {
    const first = await start("127.0.0.1:0");
    const access = { url: first.url, caPem: first.caPem, token: "admin-token" };
    const service = { metadata: { name: "web" }, spec: { ports: [{ port: 80 }] } };
    const created = await askJson(access, {
      method: "POST",
      path: "/api/v1/namespaces/default/services",
      body: service,
    });
    child?.kill("SIGKILL");
    if (child !== undefined) await once(child, "exit");
    expect(readFileSync(join(folder, "state"), "utf8")).toContain('"web"');
    await start(new URL(first.url).host);
    const read = await askJson(access, { path: "/api/v1/namespaces/default/services/web" });
    expect(read).toEqual(created);
    const version = textAt(created, "metadata", "resourceVersion") ?? "";
    const watch = await ask(access, { path: `/api/v1/services?watch=1&resourceVersion=${Number(version) - 1}` });
    expect(at(JSON.parse(watch.text) as Json, "object", "code")).toBe(410);
    const other = { metadata: { name: "other" }, spec: { ports: [{ port: 80 }] } };
    const next = await askJson(access, { method: "POST", path: "/api/v1/namespaces/default/services", body: other });
    expect(textAt(next, "spec", "clusterIP")).not.toBe(textAt(created, "spec", "clusterIP"));
  }, 30_000);

  test("faults, the log of requests and a restart can be asked for from outside", async () => {
    const { url, caPem, control } = await start("127.0.0.1:0");
    const access = { url, caPem, token: "admin-token" };
    const outside = { url: control ?? "", caPem: "" };
    const fault = { match: { verb: "get" }, times: 1, answer: { kind: "status", status: 503 } };
    await askJson(outside, { method: "POST", path: "/faults", body: fault });
    expect((await ask(access, { path: "/version" })).status).toBe(503);
    expect((await ask(access, { path: "/version" })).status).toBe(200);
    await askJson(outside, { method: "POST", path: "/restart" });
    expect((await ask(access, { path: "/version" })).status).toBe(200);
    expect(await askJson(outside, { path: "/requests" })).toMatchObject([
      { status: 503 },
      { status: 200 },
      { status: 200 },
    ]);
    expect((await ask(outside, { path: "/other" })).status).toBe(400);
  }, 30_000);
});
