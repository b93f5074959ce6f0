import { afterEach, beforeEach, expect, test } from "vitest";
import { watchEvents } from "./api-client.ts";
import { at, type Json, textAt } from "./api/json.ts";
import { SimulatedCluster } from "./simulated-cluster.ts";

const CONFIGS = "/api/v1/namespaces/shop/configmaps";

let cluster: SimulatedCluster;
let ends: AbortController[];

beforeEach(async () => {
  ends = [];
  cluster = await SimulatedCluster.start({ tls: false, namespaces: ["shop"], bookmarkMs: 20 });
});
afterEach(async () => {
  for (const end of ends) end.abort();
  await cluster.close();
});

function watch(query: string, path = CONFIGS): AsyncGenerator<Json> {
  const end = new AbortController();
  ends.push(end);
  return watchEvents(cluster.access(), `${path}?watch=1&${query}`, end.signal);
}

async function next(events: AsyncGenerator<Json>): Promise<Json> {
  const { value, done } = await events.next();
  if (done === true) throw new Error("the watch has ended");
  return value;
}

/** How a watch ended that said nothing. */
function endOf(event: Promise<Json>): Promise<string> {
  return event.then((said) => JSON.stringify(said), String);
}

const brief = (event: Json): unknown => [textAt(event, "type"), at(event, "object", "metadata", "name")];

function put(name: string, labels: Record<string, string> = {}): void {
  cluster.seed("/configmaps", { metadata: { name, labels } }, "shop");
}

test("changes come in order, each with the version that it made", async () => {
  const events = watch(`resourceVersion=${cluster.revision}`);
  const first = next(events);
  await expect.poll(() => cluster.openWatches()).toBe(1);
  put("a");
  expect(brief(await first)).toEqual(["ADDED", "a"]);
  put("a", { x: "y" });
  expect(brief(await next(events))).toEqual(["MODIFIED", "a"]);
  cluster.remove("/configmaps", "a", "shop");
  const gone = await next(events);
  expect(brief(gone)).toEqual(["DELETED", "a"]);
  expect(at(gone, "object", "metadata", "resourceVersion")).toBe(cluster.revision);
});

test("a watch goes on from a version without a gap", async () => {
  put("a");
  const from = cluster.revision;
  put("b");
  put("c");
  const events = watch(`resourceVersion=${from}`);
  expect([brief(await next(events)), brief(await next(events))]).toEqual([
    ["ADDED", "b"],
    ["ADDED", "c"],
  ]);
});

test("an object that comes to fit a selector is added, one that ceases to fit is deleted", async () => {
  put("a");
  const events = watch(`resourceVersion=${cluster.revision}&labelSelector=app%3Dweb`);
  const added = next(events);
  await expect.poll(() => cluster.openWatches()).toBe(1);
  put("a", { app: "web" });
  expect(brief(await added)).toEqual(["ADDED", "a"]);
  put("a");
  expect(brief(await next(events))).toEqual(["DELETED", "a"]);
});

test("bookmarks carry the latest version", async () => {
  const events = watch(`resourceVersion=${cluster.revision}&allowWatchBookmarks=true`);
  const bookmark = await next(events);
  expect([textAt(bookmark, "type"), at(bookmark, "object", "kind")]).toEqual(["BOOKMARK", "ConfigMap"]);
  expect(at(bookmark, "object", "metadata", "resourceVersion")).toBe(cluster.revision);
});

test("a streaming list ends with its bookmark and goes on as a watch", async () => {
  put("a");
  const events = watch("sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true");
  expect(brief(await next(events))).toEqual(["ADDED", "a"]);
  const end = await next(events);
  expect(at(end, "object", "metadata", "annotations", "k8s.io/initial-events-end")).toBe("true");
  put("b");
  let event = await next(events);
  while (textAt(event, "type") === "BOOKMARK") event = await next(events);
  expect(brief(event)).toEqual(["ADDED", "b"]);
});

test("after a restart older versions are expired, the latest is not", async () => {
  const old = cluster.revision;
  put("a");
  await cluster.restart();
  const expired = await next(watch(`resourceVersion=${old}`));
  expect([textAt(expired, "type"), at(expired, "object", "code")]).toEqual(["ERROR", 410]);
  const events = watch(`resourceVersion=${cluster.revision}`);
  const added = next(events);
  await expect.poll(() => cluster.openWatches()).toBe(1);
  put("b");
  expect(brief(await added)).toEqual(["ADDED", "b"]);
});

test("open watches can be cut, ended and expired", async () => {
  const cut = next(watch(`resourceVersion=${cluster.revision}`));
  await expect.poll(() => cluster.openWatches({ resource: "/configmaps" })).toBe(1);
  const cutEnd = endOf(cut);
  cluster.cutWatches();
  expect(await cutEnd).toBe("Error: aborted");
  const ended = next(watch(`resourceVersion=${cluster.revision}`));
  await expect.poll(() => cluster.openWatches()).toBe(1);
  const endedEnd = endOf(ended);
  cluster.endWatches();
  expect(await endedEnd).toBe("Error: the watch has ended");
  const expired = next(watch(`resourceVersion=${cluster.revision}`));
  await expect.poll(() => cluster.openWatches()).toBe(1);
  cluster.expireWatches();
  expect(textAt(await expired, "object", "reason")).toBe("Expired");
});

test("a silenced watch stays open and says nothing, others go on", async () => {
  const silent = watch(`resourceVersion=${cluster.revision}`);
  let said = 0;
  const first = silent.next().then(() => {
    said += 1;
  });
  first.catch(() => {});
  await expect.poll(() => cluster.openWatches()).toBe(1);
  cluster.silenceWatches();
  const loud = watch(`resourceVersion=${cluster.revision}`);
  const heard = next(loud);
  await expect.poll(() => cluster.openWatches()).toBe(2);
  put("a");
  expect(brief(await heard)).toEqual(["ADDED", "a"]);
  expect([said, cluster.openWatches()]).toEqual([0, 2]);
});

test("a resource version that is no number is refused before anything is sent", async () => {
  await expect(next(watch("resourceVersion=abc"))).resolves.toMatchObject({ code: 400 });
});

test("an older server offers no streaming lists", async () => {
  const older = await SimulatedCluster.start({ tls: false, streamingLists: false });
  const path = "/api/v1/pods?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true";
  expect(await next(watchEvents(older.access(), path))).toMatchObject({ code: 422, reason: "Invalid" });
  await older.close();
});

test("a watch that is never answered is a fault like others", async () => {
  cluster.faults.add({ match: { verb: "watch" }, times: 1, answer: { kind: "hang" } });
  const silent = endOf(next(watch("resourceVersion=0")));
  await expect.poll(() => cluster.requests.map(({ verb, status }) => [verb, status])).toEqual([["watch", 0]]);
  expect(cluster.openWatches()).toBe(0);
  put("a");
  expect(brief(await next(watch("resourceVersion=0")))).toEqual(["ADDED", "a"]);
  for (const end of ends) end.abort();
  expect(await silent).toContain("abort");
});
