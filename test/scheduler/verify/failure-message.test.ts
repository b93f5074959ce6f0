import { expect, test } from "vitest";
import { parseFailureMessage } from "./failure-message.ts";

const counts = (nodes: number, reasons: Readonly<Record<string, number>>) => ({ form: "counts", nodes, reasons });

test.for([
  ["no nodes available to schedule pods", counts(0, {})],
  [
    "0/3 nodes are available: 1 Insufficient cpu, 2 Too many pods. preemption: not eligible due to preemptionPolicy=Never.",
    counts(3, { "Insufficient cpu": 1, "Too many pods": 2 }),
  ],
  [
    "0/2 nodes are available: 2 node(s) were unschedulable. no new claims to deallocate, preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling.",
    counts(2, { "node(s) were unschedulable": 2 }),
  ],
  [
    "0/3 nodes are available: 1 node(s) had untolerated taint {a: b}, 1 node(s) had untolerated taint {c: }, 1 node(s) had untolerated taint(s).",
    counts(3, { "node(s) had untolerated taint(s)": 3 }),
  ],
  ["0/1 nodes are available: 1 Insufficient example.com/gpu.", counts(1, { "Insufficient example.com/gpu": 1 })],
  ["0/4 nodes are available: preemption: 0/4 nodes are available: 4 No preemption victims found.", counts(4, {})],
] as const)("%s", ([message, expected]) => {
  expect(parseFailureMessage(message)).toEqual(expected);
});

test.for([
  [
    '0/3 nodes are available: persistentvolumeclaim "a.b" not found. preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling.',
    'persistentvolumeclaim "a.b" not found',
  ],
  [
    "0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims.",
    "pod has unbound immediate PersistentVolumeClaims",
  ],
  ["running PreBind plugin: timed out", "running PreBind plugin: timed out"],
] as const)("a refusal: %s", ([message, text]) => {
  expect(parseFailureMessage(message)).toEqual({ form: "refusal", text });
});
