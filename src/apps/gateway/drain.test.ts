import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { askAdmin } from "../../adapters/envoy/admin-client.ts";
import { statePaths } from "../../adapters/state/state-directory.ts";
import { drainGateway } from "./drain.ts";

vi.mock("../../adapters/envoy/admin-client.ts", () => ({ askAdmin: vi.fn() }));
vi.mock("../../adapters/http/local-client.ts", () => ({ callLocal: () => Promise.resolve() }));

beforeEach(() => {
  come = [7];
  closedAfter = undefined;
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

/** Of how many connections Envoy says that they have come, one answer after the other; the last one again and again. */
let come: readonly number[];
/** How often that had been asked when the listeners were closed. */
let closedAfter: number | undefined;

/** Envoy's answers to how much is under way, one after the other; the last one again and again. */
function answerWith(...answers: readonly (number | Error)[]): { asked: number } {
  const counter = { asked: 0 };
  let askedForNewcomers = 0;
  vi.mocked(askAdmin).mockImplementation((_socket, _method, path) => {
    if (path.startsWith("/drain_listeners")) closedAfter = askedForNewcomers;
    if (!path.startsWith("/stats")) return Promise.resolve("");
    if (path.includes("cx_total")) {
      const value = come[Math.min(askedForNewcomers, come.length - 1)];
      askedForNewcomers += 1;
      return Promise.resolve(JSON.stringify({ stats: [{ name: "cx", value }] }));
    }
    const answer = answers[Math.min(counter.asked, answers.length - 1)];
    counter.asked += 1;
    return answer instanceof Error
      ? Promise.reject(answer)
      : Promise.resolve(JSON.stringify({ stats: [{ name: "rq", value: answer }] }));
  });
  return counter;
}

async function drain(): Promise<void> {
  const drained = drainGateway(statePaths("/missing"), { noticeMs: 2_000, say: () => {} });
  await vi.runAllTimersAsync();
  await drained;
}

const withCode = (code: string): Error => Object.assign(new Error(code), { code });

test("a drain ends when nothing is under way twice", async () => {
  const counter = answerWith(2, 0, 1, 0, 0);
  await drain();
  // And twice whether a connection is open.
  expect(counter.asked).toBe(7);
});

test("the listeners are closed once nobody has come for half a second", async () => {
  answerWith(0);
  await drain();
  expect(closedAfter).toBe(5);
  come = [1, 2, 2, 2, 3, 3];
  answerWith(0);
  await drain();
  // The fifth answer is the last one that is more than before.
  expect(closedAfter).toBe(9);
});

test("somebody who comes for ever is waited for, but not for ever", async () => {
  come = Array.from({ length: 1_000 }, (_, index) => index);
  answerWith(0);
  await drain();
  expect(closedAfter).toBe(100);
});

test("a time-out says nothing about what is under way: Envoy is asked again", async () => {
  const counter = answerWith(1, new Error("no answer within 5000 ms"), new Error("no answer within 5000 ms"), 1, 0, 0);
  await drain();
  expect(counter.asked).toBe(8);
});

test.each(["ECONNREFUSED", "ENOENT"])("of an Envoy that is gone (%s) nothing is under way", async (code) => {
  const counter = answerWith(1, withCode(code));
  await drain();
  expect(counter.asked).toBe(5);
});
