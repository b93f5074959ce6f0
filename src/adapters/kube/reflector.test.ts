import { once } from "node:events";
import { Agent, createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ManualClock } from "../../../test/time/manual-clock.ts";
import { KubeClient } from "./kube-client.ts";
import { KUBE_RESOURCES, type KubeObject } from "./kube-resource.ts";
import { type ReflectedChange, Reflector, type ReflectorSources } from "./reflector.ts";

/** A request that waits for the test to answer it. */
interface Asked {
  readonly query: Readonly<Record<string, string>>;
  readonly response: ServerResponse;
  /** Of this end of the connection. */
  readonly closed: Promise<unknown>;
}

const WATCH_RETRY = { least: 100, most: 200 };
let server: Server;
let clock: ManualClock;
let reflector: Reflector;
let changes: ReflectedChange[];
let troubles: (string | undefined)[];
const asked: Asked[] = [];
let wake: () => void = () => {};
const agent = new Agent({ keepAlive: true });

beforeEach(async () => {
  asked.length = 0;
  changes = [];
  troubles = [];
  server = createServer((request, response) => {
    asked.push({ query: queryOf(request), response, closed: once(response, "close") });
    wake();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  clock = new ManualClock();
  reflector = createReflector();
  reflector.start();
});

afterEach(async () => {
  reflector.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

function createReflector(more: Partial<ReflectorSources> = {}): Reflector {
  const { port } = server.address() as AddressInfo;
  const credentials = { headers: {}, agent };
  const connection = {
    server: `http://127.0.0.1:${port}`,
    namespace: "default",
    credentials: () => Promise.resolve(credentials),
  };
  const quiet = { info: () => {}, warn: () => {}, error: () => {} };
  const sources = {
    client: new KubeClient(connection, "test"),
    resource: KUBE_RESOURCES.services,
    selection: { labelSelector: "a=b" },
    clock,
    random: () => 1,
    log: quiet,
    ...more,
  };
  return new Reflector(sources, {
    changed: (found) => changes.push(...found),
    troubleChanged: () => troubles.push(reflector.trouble?.reason),
  });
}

function queryOf(request: IncomingMessage): Readonly<Record<string, string>> {
  const url = new URL(request.url ?? "", "http://server");
  return Object.fromEntries(url.searchParams);
}

/** The next request. */
async function next(): Promise<Asked> {
  while (asked.length === 0)
    await new Promise<void>((resolve) => {
      wake = resolve;
    });
  return asked.shift() as Asked;
}

const object = (name: string, resourceVersion: string): KubeObject => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name, namespace: "shop", uid: name, resourceVersion },
});

const event = (type: string, of: unknown): string => `${JSON.stringify({ type, object: of })}\n`;
const bookmark = (resourceVersion: string, annotations = {}): string =>
  event("BOOKMARK", { apiVersion: "v1", kind: "Service", metadata: { resourceVersion, annotations } });
const listEnd = (version: string): string => bookmark(version, { "k8s.io/initial-events-end": "true" });
const status = (code: number, reason: string): string =>
  JSON.stringify({ kind: "Status", apiVersion: "v1", status: "Failure", message: `because ${reason}`, reason, code });
const names = (): readonly string[] => [...reflector.all()].map(({ metadata }) => metadata.name).toSorted();

function refuse({ response }: Asked, code: number, reason: string, headers = {}): void {
  response.writeHead(code, { "content-type": "application/json", ...headers }).end(status(code, reason));
}

/** Answers a streamed list and gives the watch that follows it. */
async function listed(version: string, ...objects: readonly KubeObject[]): Promise<Asked> {
  const list = await next();
  list.response.write(objects.map((one) => event("ADDED", one)).join("") + listEnd(version));
  return next();
}

/** Fulfilled once something is so; looks again when the reflector has told of something. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve));
}

test("a first copy comes as a stream, and a watch goes on from its version", async () => {
  const list = await next();
  expect(list.query).toMatchObject({ watch: "true", sendInitialEvents: "true", labelSelector: "a=b" });
  expect(list.query).toMatchObject({ allowWatchBookmarks: "true", resourceVersionMatch: "NotOlderThan" });
  list.response.write(event("ADDED", object("web", "3")) + event("ADDED", object("api", "4")) + listEnd("7"));
  await reflector.synced;
  expect(names()).toEqual(["api", "web"]);
  const watch = await next();
  expect(watch.query).toMatchObject({ watch: "true", resourceVersion: "7", allowWatchBookmarks: "true" });
  expect(watch.query["sendInitialEvents"]).toBeUndefined();
  await list.closed;
});

test.each([400, 422])(
  "a server that does not offer streams (%i) is asked page by page, and never again for one",
  async (code) => {
    refuse(await next(), code, "Invalid");
    const first = await next();
    expect(first.query).toMatchObject({ limit: "500", labelSelector: "a=b" });
    first.response.end(
      JSON.stringify({ metadata: { resourceVersion: "9", continue: "more" }, items: [object("a", "1")] }),
    );
    const second = await next();
    expect(second.query["continue"]).toBe("more");
    second.response.end(JSON.stringify({ metadata: { resourceVersion: "9" }, items: [object("b", "2")] }));
    const watch = await next();
    expect([watch.query["resourceVersion"], names()]).toEqual(["9", ["a", "b"]]);
    refuse(watch, 410, "Expired");
    expect((await next()).query).toMatchObject({ limit: "500" });
  },
);

test("items of a list say what they are, as those of a watch do", async () => {
  refuse(await next(), 422, "Invalid");
  const { metadata } = object("a", "1");
  (await next()).response.end(JSON.stringify({ metadata: { resourceVersion: "9" }, items: [{ metadata }] }));
  await reflector.synced;
  expect(reflector.get("shop/a")).toMatchObject({ apiVersion: "v1", kind: "Service" });
});

test("changes are told with what there was and what there is", async () => {
  const watch = await listed("7", object("web", "3"));
  changes.length = 0;
  watch.response.write(event("MODIFIED", object("web", "8")) + event("ADDED", object("api", "9")));
  watch.response.write(event("DELETED", object("web", "10")));
  await until(() => changes.length === 3);
  const versions = changes.map(({ before, now }) => [before?.metadata.resourceVersion, now?.metadata.resourceVersion]);
  expect(versions).toEqual([
    ["3", "8"],
    [undefined, "9"],
    ["8", undefined],
  ]);
  expect(names()).toEqual(["api"]);
});

test("the server ends a watch, and the next one goes on from what was heard last, bookmarks included", async () => {
  const watch = await listed("7");
  expect(Number(watch.query["timeoutSeconds"])).toBeLessThanOrEqual(24);
  watch.response.write(bookmark("42"));
  // A watch that ends as soon as it was opened is paused after; this one is not held to have been long.
  watch.response.end();
  await clock.untilWaits(WATCH_RETRY.least, WATCH_RETRY.most);
  clock.advance(WATCH_RETRY.most);
  expect((await next()).query["resourceVersion"]).toBe("42");
  expect(changes).toEqual([]);
});

test("a version that is too old: everything is copied anew, and only what differs is told", async () => {
  const watch = await listed("7", object("same", "1"), object("changed", "2"), object("gone", "3"));
  changes.length = 0;
  watch.response.write(event("ERROR", JSON.parse(status(410, "Expired"))));
  const again = await listed("50", object("same", "1"), object("changed", "20"), object("new", "21"));
  expect(again.query["resourceVersion"]).toBe("50");
  expect(changes.map(({ before, now }) => [before?.metadata.name, now?.metadata.name])).toEqual([
    ["changed", "changed"],
    [undefined, "new"],
    ["gone", undefined],
  ]);
  expect(troubles).toEqual([]);
});

test("the same name with another uid is another object", async () => {
  const watch = await listed("7", object("web", "3"));
  changes.length = 0;
  refuse(watch, 410, "Expired");
  const other = { ...object("web", "3"), metadata: { ...object("web", "3").metadata, uid: "other" } };
  await listed("50", other);
  expect(changes.map(({ now }) => now?.metadata.uid)).toEqual(["other"]);
});

test("a server that has too much to do is left alone for as long as it asks", async () => {
  refuse(await next(), 429, "TooManyRequests", { "retry-after": "7" });
  await clock.untilWaits(7_000, 7_000);
  expect(troubles).toEqual(["TooManyRequests"]);
  clock.advance(7_000);
  await listed("7", object("web", "3"));
  expect(troubles).toEqual(["TooManyRequests", undefined]);
});

test.each([
  [403, "Forbidden"],
  [401, "Unauthorized"],
  [404, "NotFound"],
])("what is refused (%i) is trouble until it is not, and pauses grow", async (code, reason) => {
  refuse(await next(), code, reason);
  await clock.untilWaits(100, 200);
  clock.advance(200);
  refuse(await next(), code, reason);
  await clock.untilWaits(200, 400);
  clock.advance(400);
  expect(reflector.trouble?.reason).toBe(reason);
  await listed("7", object("web", "3"));
  expect([troubles, names()]).toEqual([[reason, undefined], ["web"]]);
});

test("an answer that is no Status, as of a CRD that is not established yet, is understood by its code", async () => {
  (await next()).response.writeHead(404, { "content-type": "text/plain" }).end("404 page not found\n");
  await until(() => troubles.length > 0);
  expect(reflector.trouble).toMatchObject({ status: 404, reason: "NotFound" });
});

test("objects are gone once their whole group has been for half a minute, and not before", async () => {
  await listed("7", object("web", "3"));
  reflector.close();
  asked.length = 0;
  reflector = createReflector({ goWithGroup: true, resource: KUBE_RESOURCES.sites });
  reflector.start();
  const watch = await listed("7", object("web", "3"));
  watch.response.end(event("ERROR", JSON.parse(status(410, "Expired"))));
  const pass = async (): Promise<void> => {
    await clock.untilWaits(1, 10_000);
    clock.advance(10_000);
  };
  const refuseAll = async (answer: object, code = 200): Promise<void> => {
    refuse(await next(), 404, "NotFound");
    (await next()).response.writeHead(code, { "content-type": "application/json" }).end(JSON.stringify(answer));
    await pass();
  };
  const [there, gone] = [{ groups: [{ name: "tandem.dev" }] }, { groups: [{ name: "apps" }] }];
  await refuseAll(there);
  for (let turn = 0; turn < 4; turn += 1) await refuseAll({}, 404);
  for (let turn = 0; turn < 3; turn += 1) await refuseAll(gone);
  expect(names()).toEqual(["web"]);
  // It was only late: the half minute begins anew.
  const back = await listed("8", object("web", "3"));
  back.response.end(event("ERROR", JSON.parse(status(410, "Expired"))));
  await pass();
  for (let turn = 0; turn < 3; turn += 1) await refuseAll(gone);
  expect(names()).toEqual(["web"]);
  await refuseAll(gone);
  expect(names()).toEqual([]);
  await listed("9", object("web", "8"));
  expect(names()).toEqual(["web"]);
});

test("a watch without anybody at its other end is given up within 30 s", async () => {
  const watch = await listed("7", object("web", "3"));
  watch.response.write(event("MODIFIED", object("web", "8")));
  await until(() => changes.length === 2);
  const lifetime = Math.max(...clock.waits);
  expect(lifetime).toBeLessThan(30_000);
  clock.advance(lifetime);
  await watch.closed;
  await clock.untilWaits(WATCH_RETRY.least, WATCH_RETRY.most);
  clock.advance(WATCH_RETRY.most);
  expect((await next()).query["resourceVersion"]).toBe("8");
});

test("so is a first copy that stops in its middle; nothing of it counts", async () => {
  const list = await next();
  list.response.write(event("ADDED", object("web", "3")));
  await clock.untilWaits(25_000, 25_000);
  clock.advance(25_000);
  await list.closed;
  expect([names(), changes]).toEqual([[], []]);
});

test.each([
  ["no JSON", "nonsense\n"],
  ["no event", "{}\n"],
  ["an event without an object", event("ADDED", null)],
])("%s ends a watch, which is opened anew from where it was", async (_what, line) => {
  const watch = await listed("7", object("web", "3"));
  watch.response.write(line);
  await clock.untilWaits(WATCH_RETRY.least, WATCH_RETRY.most);
  expect(reflector.trouble?.reason).toBe("Unreachable");
  clock.advance(WATCH_RETRY.most);
  expect((await next()).query["resourceVersion"]).toBe("7");
  expect(names()).toEqual(["web"]);
});

test("events come in pieces, and of kinds that are not known yet", async () => {
  const watch = await listed("7");
  const text = event("SOMETHING", {}) + event("ADDED", object("größe", "8"));
  const bytes = Buffer.from(text);
  for (let start = 0; start < bytes.length; start += 7) watch.response.write(bytes.subarray(start, start + 7));
  await until(() => changes.length === 1);
  expect(names()).toEqual(["größe"]);
});

test("a server that is away is trouble, and following goes on where it was", async () => {
  const watch = await listed("7", object("web", "3"));
  watch.response.destroy();
  await until(() => troubles.length > 0);
  expect(reflector.trouble?.status).toBe(0);
  clock.advance(10_000);
  expect((await next()).query["resourceVersion"]).toBe("7");
  expect(names()).toEqual(["web"]);
});

test("who set which field is not kept", async () => {
  const { metadata } = object("web", "3");
  await listed("7", { ...object("web", "3"), metadata: { ...metadata, managedFields: [{ manager: "kubectl" }] } });
  expect(reflector.get("shop/web")?.metadata).toEqual(metadata);
});

test("closed, it asks for nothing more, also in a pause", async () => {
  refuse(await next(), 500, "InternalError");
  await clock.untilWaits(WATCH_RETRY.least, WATCH_RETRY.most);
  reflector.close();
  await until(() => clock.waits.length === 0);
  clock.advance(60_000);
  expect(asked).toEqual([]);
});

test("what a write answered counts at once, and the watch that tells it again tells nothing new", async () => {
  const watch = await listed("7", object("web", "3"));
  changes.length = 0;
  reflector.learn(object("web", "9"));
  expect(reflector.get("shop/web")?.metadata.resourceVersion).toBe("9");
  watch.response.write(event("MODIFIED", object("web", "8")) + event("MODIFIED", object("web", "9")));
  watch.response.write(event("MODIFIED", object("web", "10")));
  await until(() => changes.length === 2);
  expect(changes.map(({ now }) => now?.metadata.resourceVersion)).toEqual(["9", "10"]);
});

test("what a write answered after the watch had told of its end does not come back", async () => {
  const watch = await listed("7", object("web", "3"));
  watch.response.write(event("DELETED", object("web", "12")));
  await until(() => changes.length === 2);
  reflector.learn(object("web", "11"));
  expect(names()).toEqual([]);
});
