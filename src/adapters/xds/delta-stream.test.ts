import { describe, expect, test } from "vitest";
import type { XdsType } from "../../model/xds-resource.ts";
import { type DeltaResponse, DeltaStream } from "./delta-stream.ts";
import type { EncodedResource } from "./encode-resource.ts";
import { ResourceCache } from "./resource-cache.ts";
import type { Rejection } from "./subscription.ts";

/** An Envoy that answers when it is told to. */
class Client {
  readonly cache = new ResourceCache();
  readonly responses: DeltaResponse[] = [];
  readonly rejections: Rejection[] = [];
  settled = 0;
  readonly stream = new DeltaStream(this.cache, {
    send: (response) => this.responses.push(response),
    rejected: (rejection) => this.rejections.push(rejection),
    settled: () => {
      this.settled += 1;
    },
  });

  subscribe(
    type: XdsType,
    names: readonly string[] = [],
    initialVersions: Readonly<Record<string, string>> = {},
  ): void {
    this.stream.request({ type, subscribe: names, unsubscribe: [], initialVersions, nonce: "", error: undefined });
  }

  answer(response: DeltaResponse, error?: string): void {
    this.stream.request({
      type: response.type,
      subscribe: [],
      unsubscribe: [],
      initialVersions: {},
      nonce: response.nonce,
      error,
    });
  }

  /** Everything sent since the last call. */
  take(): DeltaResponse[] {
    return this.responses.splice(0);
  }
}

function resource(type: XdsType, name: string, version = "1"): EncodedResource {
  return { type, name, version, wire: new Uint8Array() };
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function sent(responses: readonly DeltaResponse[]): string[] {
  return responses.flatMap(({ type, resources, removed }) => [
    ...resources.map((one) => `${type} ${one.name}@${one.version}`),
    ...removed.map((name) => `${type} -${name}`),
  ]);
}

describe("a delta stream", () => {
  test("sends everything of a type that is wanted as a whole, once", () => {
    const client = new Client();
    client.cache.replace("a", [resource("cluster", "x"), resource("cluster", "y")]);
    client.subscribe("cluster");
    expect(sent(client.take())).toEqual(["cluster x@1", "cluster y@1"]);
  });

  test("sends nothing that Envoy kept from before the agent restarted", () => {
    const client = new Client();
    client.cache.replace("a", [resource("cluster", "x"), resource("endpoints", "x")]);
    client.subscribe("cluster", [], { x: "1" });
    client.subscribe("endpoints", ["x"], { x: "1" });
    expect(client.responses).toEqual([]);
  });

  test("changes nothing that Envoy has while it knows only what an older snapshot says", async () => {
    const client = new Client();
    client.cache.provisional = true;
    client.cache.replace("a", [resource("cluster", "old", "1"), resource("cluster", "missing", "1")]);
    client.subscribe("cluster", [], { old: "2", new: "2" });
    const [lacking, ...others] = client.take();
    expect([sent(lacking === undefined ? [] : [lacking]), others]).toEqual([["cluster missing@1"], []]);
    if (lacking !== undefined) client.answer(lacking);
    client.subscribe("listener");
    client.cache.replace("a", [resource("cluster", "old", "2"), resource("cluster", "missing", "1")]);
    await nextTurn();
    expect([client.take(), client.settled]).toEqual([[], 0]);
    client.cache.provisional = false;
    await nextTurn();
    expect(sent(client.take())).toEqual(["cluster -new"]);
  });

  test("takes from Envoy what it kept and nobody has any more", () => {
    const client = new Client();
    client.cache.replace("a", [resource("cluster", "x")]);
    client.subscribe("cluster", [], { x: "1", gone: "1" });
    expect(sent(client.take())).toEqual(["cluster -gone"]);
  });

  test("sends only what is named of the other types", () => {
    const client = new Client();
    client.cache.replace("a", [resource("endpoints", "x"), resource("endpoints", "y")]);
    client.subscribe("endpoints", ["y"]);
    expect(sent(client.take())).toEqual(["endpoints y@1"]);
  });

  test("gathers changes while a response is under way, and then sends the latest", async () => {
    const client = new Client();
    client.cache.replace("a", [resource("cluster", "x")]);
    client.subscribe("cluster");
    const [first] = client.take();
    client.cache.replace("a", [resource("cluster", "x", "2")]);
    await nextTurn();
    client.cache.replace("a", [resource("cluster", "x", "3")]);
    await nextTurn();
    expect(client.responses).toEqual([]);
    client.answer(first as DeltaResponse);
    expect(sent(client.take())).toEqual(["cluster x@3"]);
  });

  test("sends a changed cluster's endpoints again, which it waits for", async () => {
    const client = new Client();
    client.cache.replace("a", [resource("cluster", "x"), resource("endpoints", "x")]);
    client.subscribe("cluster");
    client.subscribe("endpoints", ["x"]);
    for (const response of client.take()) client.answer(response);
    client.cache.replace("a", [resource("cluster", "x", "2"), resource("endpoints", "x")]);
    await nextTurn();
    expect(sent(client.take())).toEqual(["cluster x@2", "endpoints x@1"]);
  });

  test("removes what was referred to only after what refers to it", async () => {
    const client = new Client();
    client.cache.replace("a", [resource("cluster", "x"), resource("listener", "l")]);
    client.subscribe("cluster");
    client.subscribe("listener");
    for (const response of client.take()) client.answer(response);
    client.cache.replace("a", []);
    await nextTurn();
    const [removal] = client.responses;
    expect(sent(client.take())).toEqual(["listener -l"]);
    client.answer(removal as DeltaResponse);
    expect(sent(client.take())).toEqual(["cluster -x"]);
  });

  test("after a refusal sends resources one by one, so that the good ones go through", () => {
    const client = new Client();
    client.cache.replace("a", [resource("cluster", "bad"), resource("cluster", "good")]);
    client.subscribe("cluster");
    const [both] = client.take();
    client.answer(both as DeltaResponse, "bad is bad");
    const [bad] = client.take();
    expect(sent([bad as DeltaResponse])).toEqual(["cluster bad@1"]);
    client.answer(bad as DeltaResponse, "no such filter");
    expect(client.rejections).toEqual([{ type: "cluster", name: "bad", message: "no such filter" }]);
    expect(sent(client.take())).toEqual(["cluster good@1"]);
  });

  test("never sends refused bytes again, but does send a corrected resource", async () => {
    const client = new Client();
    client.cache.replace("a", [resource("cluster", "bad")]);
    client.subscribe("cluster");
    const [first] = client.take();
    client.answer(first as DeltaResponse, "bad is bad");
    expect(client.responses).toEqual([]);
    client.cache.replace("a", [resource("cluster", "bad", "2")]);
    await nextTurn();
    expect(sent(client.take())).toEqual(["cluster bad@2"]);
  });

  test("sends refused bytes once more after they were gone, or others in between", async () => {
    const client = new Client();
    client.cache.replace("a", [resource("cluster", "bad")]);
    client.subscribe("cluster");
    client.answer(client.take()[0] as DeltaResponse, "port taken");
    client.cache.replace("a", []);
    await nextTurn();
    client.cache.replace("a", [resource("cluster", "bad")]);
    await nextTurn();
    expect(sent(client.take())).toEqual(["cluster bad@1"]);
  });

  test("takes away a service whose last change was refused: its version before is still there", async () => {
    const client = new Client();
    client.cache.replace("a", [resource("listener", "l"), resource("cluster", "x")]);
    client.subscribe("cluster");
    client.subscribe("listener");
    for (const response of client.take()) client.answer(response);
    client.cache.replace("a", [resource("listener", "l", "2"), resource("cluster", "x")]);
    await nextTurn();
    client.answer(client.take()[0] as DeltaResponse, "no such filter");
    client.cache.replace("a", []);
    await nextTurn();
    expect(sent(client.take())).toEqual(["listener -l"]);
  });

  test("goes back to what Envoy has without a word after a refusal", async () => {
    const client = new Client();
    client.cache.replace("a", [resource("cluster", "x")]);
    client.subscribe("cluster");
    client.answer(client.take()[0] as DeltaResponse);
    client.cache.replace("a", [resource("cluster", "x", "2")]);
    await nextTurn();
    client.answer(client.take()[0] as DeltaResponse, "no such filter");
    client.cache.replace("a", [resource("cluster", "x")]);
    await nextTurn();
    expect(client.responses).toEqual([]);
  });

  test("does not count on what Envoy took of a refused response", async () => {
    const client = new Client();
    const bad = resource("cluster", "bad");
    client.cache.replace("a", [resource("cluster", "kept"), resource("cluster", "gone")]);
    client.subscribe("cluster");
    client.answer(client.take()[0] as DeltaResponse);
    client.cache.replace("a", [bad, resource("cluster", "kept", "2"), resource("cluster", "new")]);
    await nextTurn();
    const [refused] = client.take();
    client.cache.replace("a", [bad, resource("cluster", "kept")]);
    await nextTurn();
    client.answer(refused as DeltaResponse, "bad is bad");
    const later: DeltaResponse[] = [];
    for (let [next] = client.take(); next !== undefined; [next] = client.take()) {
      later.push(next);
      client.answer(next);
    }
    expect(sent(later).toSorted()).toEqual(["cluster -new", "cluster bad@1", "cluster kept@1"]);
  });

  test("says nothing of a refused version that is not the latest any more", async () => {
    const client = new Client();
    client.cache.replace("a", [resource("cluster", "x")]);
    client.subscribe("cluster");
    const [first] = client.take();
    client.cache.replace("a", [resource("cluster", "x", "2")]);
    await nextTurn();
    client.answer(first as DeltaResponse, "no such filter");
    expect([sent(client.take()), client.rejections]).toEqual([["cluster x@2"], []]);
  });

  test("an answer to an older response changes nothing", () => {
    const client = new Client();
    client.cache.replace("a", [resource("cluster", "x")]);
    client.subscribe("cluster");
    client.take();
    client.stream.request({
      type: "cluster",
      subscribe: [],
      unsubscribe: [],
      initialVersions: {},
      nonce: "99",
      error: "late",
    });
    expect(client.rejections).toEqual([]);
  });

  test("says when everything has been acknowledged", () => {
    const client = new Client();
    client.cache.replace("a", [resource("cluster", "x")]);
    client.subscribe("cluster");
    client.subscribe("listener");
    expect(client.settled).toBe(0);
    for (const response of client.take()) client.answer(response);
    expect(client.settled).toBe(1);
  });

  test("is settled at once with an Envoy that has kept everything", () => {
    const client = new Client();
    client.cache.replace("a", [resource("cluster", "x"), resource("listener", "l")]);
    client.subscribe("cluster", [], { x: "1" });
    client.subscribe("listener", [], { l: "1" });
    expect(client.responses).toEqual([]);
    expect(client.settled).toBe(1);
  });
});
