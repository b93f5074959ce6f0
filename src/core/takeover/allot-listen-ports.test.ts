import { expect, test } from "vitest";
import { ClusterService } from "../../model/takeover.ts";
import { allotListenPorts } from "./allot-listen-ports.ts";

const service = (ports: readonly unknown[], annotations = {}): ClusterService =>
  ClusterService.parse({
    metadata: { name: "web", namespace: "shop", uid: "u", resourceVersion: "1", annotations },
    spec: { ports },
  });
const origin = (listen: string): ClusterService => service([], { "tandem.dev/listen": listen });

test("each port gets one of its own, the same in every controller", () => {
  const two = service([{ name: "http", port: 80 }, { port: 81 }]);
  const first = allotListenPorts(two, undefined, new Set());
  expect([...first.keys()]).toEqual([80, 81]);
  expect(new Set(first.values()).size).toBe(2);
  expect(allotListenPorts(two, undefined, new Set())).toEqual(first);
});

test("what the origin says stays, whatever comes and goes beside it", () => {
  const now = service([
    { name: "admin", port: 81 },
    { name: "http", port: 80 },
  ]);
  expect(allotListenPorts(now, origin("http=20001,gone=20002"), new Set()).get(80)).toBe(20_001);
});

test("a port that another Service has is not given twice, also where an origin says so", () => {
  const [wanted = 0] = allotListenPorts(service([{ port: 80 }]), undefined, new Set()).values();
  expect(allotListenPorts(service([{ port: 80 }]), undefined, new Set([wanted])).get(80)).not.toBe(wanted);
  expect(allotListenPorts(service([{ port: 80 }]), origin("80=20005"), new Set([20_005])).get(80)).not.toBe(20_005);
});

test.each(["nonsense", "80=", "80=0", "80=99999", "=,=", ""])("an annotation like %j is as none", (listen) => {
  const fresh = allotListenPorts(service([{ port: 80 }]), undefined, new Set());
  expect(allotListenPorts(service([{ port: 80 }]), origin(listen), new Set())).toEqual(fresh);
});

test("a port for which there is none left is left out", () => {
  const all = new Set(Array.from({ length: 10_000 }, (_, index) => 20_000 + index));
  expect(allotListenPorts(service([{ port: 80 }]), undefined, all).size).toBe(0);
});
