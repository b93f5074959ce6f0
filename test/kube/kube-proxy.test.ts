import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Clock } from "../../src/ports/clock.ts";
import type { JsonObject } from "./api/json.ts";
import { KubeProxy } from "./kube-proxy.ts";
import { SimulatedCluster } from "./simulated-cluster.ts";

const HOST = "127.0.0.77";

let cluster: SimulatedCluster;
let proxy: KubeProxy;
let listen: string;
let backends: Server[];
let sockets: Socket[];

beforeEach(async () => {
  backends = [];
  sockets = [];
  cluster = await SimulatedCluster.start({ namespaces: ["shop"], allowLoopback: true });
  listen = `${HOST}:${await freePort()}`;
});
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await proxy.close();
  for (const backend of backends) backend.close();
  await cluster.close();
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, HOST, resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function addBackend(name: string): Promise<number> {
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on("error", () => {});
    socket.on("data", (data) => socket.write(`${name}: ${data.toString()}`));
  });
  backends.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

function addService(): void {
  cluster.seed("/services", { metadata: { name: "web" }, spec: { ports: [{ name: "http", port: 80 }] } }, "shop");
}

type Conditions = Readonly<{ ready?: boolean; serving?: boolean; terminating?: boolean }>;

function setSlice(name: string, port: number, conditions: Conditions, portName = "http"): void {
  const slice: JsonObject = {
    metadata: {
      name,
      labels: { "kubernetes.io/service-name": "web", "endpointslice.kubernetes.io/managed-by": "tandem.dev" },
    },
    addressType: "IPv4",
    endpoints: [{ addresses: ["127.0.0.1"], conditions: { ...conditions } }],
    ports: [{ name: portName, port }],
  };
  cluster.seed("discovery.k8s.io/endpointslices", slice, "shop");
}

async function startProxy(minSyncMs = 0, clock?: Clock): Promise<void> {
  const forwards = [{ namespace: "shop", service: "web", port: "http", listen }];
  proxy = await KubeProxy.start({
    access: cluster.access(),
    forwards,
    minSyncMs,
    ...(clock === undefined ? {} : { clock }),
  });
}

function dial(): Socket {
  const [host, port] = listen.split(":");
  const socket = connect(Number(port), host);
  sockets.push(socket);
  socket.on("error", () => {});
  return socket;
}

async function say(socket: Socket, text: string): Promise<string> {
  const answered = once(socket, "data") as Promise<[Buffer]>;
  socket.write(text);
  return (await answered)[0].toString();
}

const targets = (...ports: number[]): string =>
  ports
    .map((port) => `127.0.0.1:${port}`)
    .toSorted()
    .join();
const forwardsTo = (...ports: number[]): Promise<void> =>
  proxy.until((now) => now.targets(listen).join() === targets(...ports));

describe("where connections go", () => {
  beforeEach(addService);

  test("to ready endpoints of all slices of the Service, whoever made them", async () => {
    const [a, b, c] = [await addBackend("a"), await addBackend("b"), await addBackend("c")];
    setSlice("one", a, {});
    setSlice("two", b, { ready: true });
    setSlice("three", c, { ready: false });
    await startProxy();
    await forwardsTo(a, b);
    expect(await say(dial(), "hello")).toMatch(/^[ab]: hello$/);
  });

  test("a slice whose port has another name is not looked at", async () => {
    const [a, b] = [await addBackend("a"), await addBackend("b")];
    setSlice("one", a, {});
    setSlice("two", b, {}, "");
    await startProxy();
    await forwardsTo(a);
  });

  test("to those that end and still serve when none is ready", async () => {
    const [a, b] = [await addBackend("a"), await addBackend("b")];
    setSlice("one", a, { ready: false, serving: true, terminating: true });
    setSlice("two", b, { ready: false, serving: false, terminating: true });
    await startProxy();
    await forwardsTo(a);
    setSlice("two", b, { ready: true });
    await forwardsTo(b);
  });

  test("nowhere: the connection is reset", async () => {
    await startProxy();
    const socket = dial();
    const [error] = (await once(socket, "error")) as [NodeJS.ErrnoException];
    expect(error.code).toBe("ECONNRESET");
  });

  test("an open connection keeps its target, a new one goes to the new", async () => {
    const [a, b] = [await addBackend("a"), await addBackend("b")];
    setSlice("one", a, {});
    await startProxy();
    const old = dial();
    expect(await say(old, "1")).toBe("a: 1");
    setSlice("one", b, {});
    await forwardsTo(b);
    expect(await say(dial(), "2")).toBe("b: 2");
    expect(await say(old, "3")).toBe("a: 3");
  });
});

test("the first change after a quiet time is applied at once, further ones together at the end of the period", async () => {
  let now = 0;
  let due: { readonly ms: number; readonly run: () => void }[] = [];
  const clock: Clock = {
    now: () => now,
    after: (ms, run) => {
      const entry = { ms, run };
      due.push(entry);
      return () => {
        due = due.filter((one) => one !== entry);
      };
    },
  };
  const pass = (ms: number): void => {
    now += ms;
    for (const { run } of due) run();
  };
  addService();
  setSlice("one", 1, {});
  await startProxy(1_000, clock);
  now = 5_000;
  setSlice("one", 2, {});
  await expect.poll(() => due.map(({ ms }) => ms)).toEqual([0]);
  pass(0);
  expect(proxy.targets(listen)).toEqual(["127.0.0.1:2"]);
  now += 300;
  setSlice("one", 3, {});
  await expect.poll(() => due.map(({ ms }) => ms)).toEqual([700]);
  setSlice("two", 4, {});
  await expect.poll(() => cluster.openWatches({ resource: "discovery.k8s.io/endpointslices" })).toBe(1);
  expect([proxy.targets(listen), due.map(({ ms }) => ms)]).toEqual([["127.0.0.1:2"], [700]]);
  pass(700);
  expect(proxy.targets(listen)).toContain("127.0.0.1:3");
});

test("while the API server is down the rules stay, and follow it again when it is back", async () => {
  addService();
  const [a, b] = [await addBackend("a"), await addBackend("b")];
  setSlice("one", a, {});
  await startProxy();
  await forwardsTo(a);
  await cluster.stop();
  expect(await say(dial(), "1")).toBe("a: 1");
  setSlice("one", b, {});
  await cluster.restart();
  await forwardsTo(b);
});

test("as a process it reads a kubeconfig and says when it listens", async () => {
  addService();
  const a = await addBackend("a");
  setSlice("one", a, {});
  await startProxy();
  const folder = await mkdtemp(join(tmpdir(), "kube-proxy-"));
  const kubeconfig = join(folder, "kubeconfig");
  await writeFile(kubeconfig, cluster.kubeconfig());
  const place = `${HOST}:${await freePort()}`;
  const main = fileURLToPath(new URL("kube-proxy-main.ts", import.meta.url));
  const args = [main, "--kubeconfig", kubeconfig, "--forward", `${place}=shop/web:80`];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = (await once(createInterface(child.stdout), "line")) as [string];
  expect(JSON.parse(line)).toMatchObject({ ready: true, listen: [place] });
  const socket = connect(Number(place.split(":")[1]), HOST);
  sockets.push(socket);
  expect(await say(socket, "hello")).toBe("a: hello");
  child.kill("SIGKILL");
  await rm(folder, { recursive: true });
}, 30_000);
