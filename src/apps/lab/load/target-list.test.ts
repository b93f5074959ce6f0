import { describe, expect, it } from "vitest";
import { TargetList } from "./target-list.ts";

const addresses = ["127.0.1.100:10001", "127.0.1.101:10001"];
const never = (): boolean => false;
const listOf = (): TargetList => new TargetList(addresses.map((address) => ({ address, ready: null })));
const taken = (list: TargetList, times: number): (string | undefined)[] =>
  Array.from({ length: times }, () => list.next(never, [])?.address);

describe("TargetList", () => {
  it("takes targets in turn", () => {
    const [first, second] = addresses;
    expect(taken(listOf(), 4)).toEqual([second, first, second, first]);
  });

  it("gives an unready target no new connection, but uses what is open", () => {
    const list = listOf();
    const [first] = list.all;
    if (first !== undefined) first.isReady = false;
    expect(new Set(taken(list, 3))).toEqual(new Set([addresses[1]]));
    expect(new Set([1, 2].map(() => list.next((target) => target === first, [])?.address))).toEqual(new Set(addresses));
  });

  it("tries unready targets rather than none", () => {
    const list = listOf();
    for (const target of list.all) target.isReady = false;
    expect(list.next(never, [])).not.toBeNull();
  });

  it("leaves out what refused, and has none when all did", () => {
    const list = listOf();
    const first = list.next(never, []);
    const second = list.next(never, first === null ? [] : [first]);
    expect(second).not.toBe(first);
    expect(list.next(never, list.all)).toBeNull();
  });

  it("gives a target that left the list no new connection, even when all left", () => {
    const list = listOf();
    list.replace(["127.0.1.102:10001"]);
    expect(new Set(taken(list, 3))).toEqual(new Set(["127.0.1.102:10001"]));
    list.replace([]);
    expect(list.next(never, [])).toBeNull();
    list.replace([addresses[0] ?? ""]);
    expect(list.next(never, [])?.address).toBe(addresses[0]);
  });
});
