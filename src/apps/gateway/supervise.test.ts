import type { ChildProcess } from "node:child_process";
import { EventEmitter } from "node:events";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { superviseEnvoy } from "./supervise.ts";

/** A process that is told nothing but signals. */
class FakeProcess extends EventEmitter {
  readonly pid: number | undefined;
  readonly signals: string[] = [];

  constructor(pid: number | undefined) {
    super();
    this.pid = pid;
  }

  kill(signal: string): boolean {
    this.signals.push(signal);
    return true;
  }
}

let said: string[];
let drained: PromiseWithResolvers<void>;

beforeEach(() => {
  vi.useFakeTimers();
  said = [];
  drained = Promise.withResolvers();
});

afterEach(() => {
  vi.useRealTimers();
});

function supervise(child: FakeProcess): Promise<number> {
  return superviseEnvoy(child as unknown as ChildProcess, {
    admit: () => Promise.resolve(),
    drain: () => drained.promise,
    say: (text) => said.push(text),
  });
}

/** What a signal to this process does, without the signal. */
function receive(signal: "SIGTERM" | "SIGINT"): void {
  process.listeners(signal).at(-1)?.(signal);
}

test("an Envoy that ends by itself gives its exit code", async () => {
  const listeners = process.listenerCount("SIGTERM");
  const child = new FakeProcess(1);
  const code = supervise(child);
  child.emit("exit", 3, null);
  expect(await code).toBe(3);
  expect(said).toEqual(["Envoy ended by itself: exit code 3"]);
  expect(process.listenerCount("SIGTERM")).toBe(listeners);
});

test("a signal drains Envoy before it is told to end", async () => {
  const child = new FakeProcess(1);
  const code = supervise(child);
  receive("SIGTERM");
  expect(child.signals).toEqual([]);
  drained.resolve();
  await vi.advanceTimersByTimeAsync(0);
  expect(child.signals).toEqual(["SIGTERM"]);
  child.emit("exit", null, "SIGTERM");
  expect(await code).toBe(0);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(child.signals).toEqual(["SIGTERM"]);
});

test("an Envoy that hangs is killed", async () => {
  const child = new FakeProcess(1);
  const code = supervise(child);
  receive("SIGINT");
  // The same signal again, by another way.
  receive("SIGINT");
  expect(child.signals).toEqual([]);
  await vi.advanceTimersByTimeAsync(1_001);
  // Somebody does not want to wait for the drain.
  receive("SIGINT");
  expect(child.signals).toEqual(["SIGTERM"]);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(child.signals).toEqual(["SIGTERM", "SIGKILL"]);
  child.emit("exit", null, "SIGKILL");
  expect(await code).toBe(0);
});

test("an Envoy that cannot be started is an error", async () => {
  const child = new FakeProcess(undefined);
  const code = supervise(child);
  child.emit("error", new Error("spawn EACCES"));
  await expect(code).rejects.toThrow("spawn EACCES");
});

test("a signal that does not reach Envoy is said and ends nothing", async () => {
  const child = new FakeProcess(1);
  const code = supervise(child);
  child.emit("error", new Error("kill EPERM"));
  child.emit("error", new Error("kill EPERM"));
  child.emit("exit", 0, null);
  expect(await code).toBe(0);
  expect(said).toEqual(["Envoy: kill EPERM", "Envoy: kill EPERM", "Envoy ended by itself: exit code 0"]);
});
