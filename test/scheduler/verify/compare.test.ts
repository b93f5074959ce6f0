import { describe, expect, test } from "vitest";
import type { Answer } from "../scheduler-case.ts";
import { compare, type HowAsked, type Observed } from "./compare.ts";

const answer: Answer = { pod: "a/p", feasible: ["n1", "n2"], best: ["n2"], reasons: { "Insufficient cpu": 1 } };
const observed: Observed = {
  pod: "a/p",
  feasible: ["n2", "n1"],
  message: "0/3 nodes are available: 1 Insufficient cpu, 2 node(s) passed all filters.",
};
const nowhere: Answer = { pod: "a/p", feasible: [], best: [], reasons: { "Insufficient cpu": 3 } };
const nowhereSeen: Observed = { pod: "a/p", message: "0/3 nodes are available: 3 Insufficient cpu." };

const drawn = { extender: true, ranks: false };

function kinds(one: Answer, other: Observed, how: HowAsked = drawn): readonly string[] {
  return compare(one, other, how).map(({ kind }) => kind);
}

describe("with an extender", () => {
  test("equal: the same nodes in any order, and the same reasons for the others", () => {
    expect(compare(answer, observed, drawn)).toEqual([]);
    expect(compare(nowhere, nowhereSeen, drawn)).toEqual([]);
  });

  test("another node, another count, another reason, no answer", () => {
    expect(kinds(answer, { ...observed, feasible: ["n1"] })).toEqual(["feasible"]);
    expect(kinds(answer, nowhereSeen)).toEqual(["feasible", "reasons"]);
    expect(kinds({ ...nowhere, reasons: { "Insufficient memory": 3 } }, nowhereSeen)).toEqual(["reasons"]);
    expect(kinds(answer, { pod: "a/p" })).toEqual(["no answer"]);
  });

  test("a refusal is compared by its text", () => {
    const refused: Answer = { pod: "a/p", feasible: [], best: [], reasons: {}, refusal: "not found" };
    expect(kinds(refused, { pod: "a/p", message: "0/3 nodes are available: not found." })).toEqual([]);
    expect(kinds(refused, { pod: "a/p", message: "0/3 nodes are available: lost." })).toEqual(["refusal"]);
    expect(kinds(refused, nowhereSeen)).toEqual(["refusal"]);
    expect(kinds(nowhere, { pod: "a/p", message: "0/3 nodes are available: lost." })).toEqual(["refusal"]);
  });

  test("a pod is where it was sent", () => {
    const placed: Observed = { pod: "a/p", feasible: ["n1", "n2"], placedOn: "n1" };
    expect(kinds({ ...answer, placedOn: "n1" }, placed)).toEqual([]);
    expect(kinds({ ...answer, placedOn: "n2" }, placed)).toEqual(["placement"]);
    expect(kinds(answer, placed)).toEqual(["placement"]);
  });
});

describe("where the scheduler chooses", () => {
  const how = { extender: false, ranks: true };

  test("any of the best nodes is right", () => {
    expect(kinds(answer, { pod: "a/p", placedOn: "n2" }, how)).toEqual([]);
    expect(kinds({ ...answer, best: ["n1", "n2"] }, { pod: "a/p", placedOn: "n2" }, how)).toEqual([]);
    expect(kinds(answer, { pod: "a/p", placedOn: "n1" }, how)).toEqual(["placement"]);
    expect(kinds(nowhere, { pod: "a/p", placedOn: "n1" }, how)).toEqual(["placement"]);
    expect(kinds(nowhere, nowhereSeen, how)).toEqual([]);
    expect(kinds(answer, nowhereSeen, how)).toEqual(["placement", "reasons"]);
  });

  test("with an extender the nodes that pass are compared as well", () => {
    const placed = { pod: "a/p", placedOn: "n2", feasible: ["n2"] };
    expect(kinds(answer, placed, { extender: true, ranks: true })).toEqual(["feasible"]);
  });
});

describe("preemption", () => {
  const one = { node: "n1", victims: ["a/v"] };
  const preempting: Answer = { ...nowhere, preemptions: [one, { node: "n2", victims: ["a/w"] }] };

  test("one of those that are possible, with exactly its victims", () => {
    expect(kinds(preempting, { ...nowhereSeen, preemption: one })).toEqual([]);
    expect(kinds(preempting, { ...nowhereSeen, preemption: { ...one, victims: ["a/v", "a/w"] } })).toEqual([
      "preemption",
    ]);
    expect(kinds(preempting, nowhereSeen)).toEqual(["preemption"]);
    expect(kinds({ ...preempting, preemptions: [] }, { ...nowhereSeen, preemption: one })).toEqual(["preemption"]);
    expect(kinds({ ...preempting, preemptions: [] }, nowhereSeen)).toEqual([]);
  });

  test("where nodes pass, what the scheduler makes of the others does not count", () => {
    expect(kinds({ ...answer, preemptions: [] }, { ...observed, preemption: one })).toEqual([]);
  });
});
