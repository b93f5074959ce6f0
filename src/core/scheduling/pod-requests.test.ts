import { expect, test } from "vitest";
import { Pod } from "../../model/snapshot/pod.ts";
import { podRequests } from "./pod-requests.ts";

const cpu = (amount: string, more: object = {}) => ({ name: "c", resources: { requests: { cpu: amount } }, ...more });
const sidecar = { restartPolicy: "Always" };

function cpuOf(spec: object, status: object = {}): number | undefined {
  return podRequests(Pod.parse({ metadata: { name: "p" }, spec, status })).get("cpu");
}

test.each([
  ["containers are added up", { containers: [cpu("1"), cpu("500m")] }, 1500],
  ["the largest init container counts alone", { containers: [cpu("1")], initContainers: [cpu("2"), cpu("3")] }, 3000],
  ["sidecars run beside the containers", { containers: [cpu("1")], initContainers: [cpu("2", sidecar)] }, 3000],
  [
    "an init container starts beside the sidecars before it",
    { containers: [cpu("1")], initContainers: [cpu("2", sidecar), cpu("4")] },
    6000,
  ],
  ["not beside those after it", { containers: [cpu("1")], initContainers: [cpu("4"), cpu("2", sidecar)] }, 4000],
  ["the overhead comes on top", { containers: [cpu("1")], overhead: { cpu: "250m" } }, 1250],
  [
    "what the pod asks for as a whole is instead",
    { containers: [cpu("4")], resources: { requests: { cpu: "2" } } },
    2000,
  ],
])("%s", (_, spec, milli) => {
  expect(cpuOf(spec)).toBe(milli);
});

const resizing = (reason: string) => ({
  containerStatuses: [{ name: "c", resources: { requests: { cpu: "2" } }, allocatedResources: { cpu: "3" } }],
  conditions: [{ type: "PodResizePending", status: "True", reason }],
});

test("a pod that is being resized has the most of what it wants, has and was given", () => {
  expect(cpuOf({ containers: [cpu("4")] }, resizing("Deferred"))).toBe(4000);
  expect(cpuOf({ containers: [cpu("1")] }, resizing("Deferred"))).toBe(3000);
});

test("what a node can never give is not counted", () => {
  expect(cpuOf({ containers: [cpu("4")] }, resizing("Infeasible"))).toBe(3000);
});
