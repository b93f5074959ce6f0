import { expect, test } from "vitest";
import { ClusterService } from "../model/takeover.ts";
import { ListenerAllotments } from "./listener-allotments.ts";

const service = (name: string, listen?: string): ClusterService =>
  ClusterService.parse({
    metadata: {
      name,
      namespace: "shop",
      uid: name,
      resourceVersion: "1",
      annotations: listen === undefined ? {} : { "tandem.dev/listen": listen },
    },
    spec: { ports: [{ port: 80 }] },
  });

test("what was allotted is nobody else's, also before it is written", () => {
  const allotments = new ListenerAllotments();
  const names = Array.from({ length: 2_000 }, (_, index) => `s${index}`);
  const ports = names.map((name) => allotments.allot(`shop/${name}`, service(name), undefined).get(80));
  expect(new Set(ports).size).toBe(names.length);
  expect(allotments.allot("shop/s7", service("s7"), undefined).get(80)).toBe(ports[7]);
});

test("of two origins that say the same the first one has it", () => {
  const allotments = new ListenerAllotments();
  allotments.know("shop/a", service("a", "80=20001"));
  allotments.know("shop/b", service("b", "80=20001"));
  expect(allotments.allot("shop/a", service("a"), service("a", "80=20001")).get(80)).toBe(20_001);
  expect(allotments.allot("shop/b", service("b"), service("b", "80=20001")).get(80)).not.toBe(20_001);
});

test("the listener of a Service that is gone may be another one's", () => {
  const allotments = new ListenerAllotments();
  allotments.know("shop/a", service("a", "80=20001"));
  allotments.know("shop/a", undefined);
  expect(allotments.allot("shop/b", service("b"), service("b", "80=20001")).get(80)).toBe(20_001);
});
