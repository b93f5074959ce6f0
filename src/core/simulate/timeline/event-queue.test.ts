import fc from "fast-check";
import { expect, test } from "vitest";
import { EventQueue } from "./event-queue.ts";

test("actions run in the order of time, those of one moment as they were asked for", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 20 })), (moments) => {
      const queue = new EventQueue();
      const ran: [number, number][] = [];
      for (const [index, atMs] of moments.entries()) queue.at(atMs, () => ran.push([queue.now, index]));
      queue.runUntil(20);
      const wanted = moments
        .map((atMs, index): [number, number] => [atMs, index])
        .toSorted((one, other) => one[0] - other[0] || one[1] - other[1]);
      expect(ran).toEqual(wanted);
    }),
  );
});

test("what lies beyond the end, or is called off, does not run; what has passed runs at once", () => {
  const queue = new EventQueue();
  const ran: string[] = [];
  queue.at(5, () => queue.at(1, () => ran.push(`late at ${queue.now}`)));
  queue.at(6, () => ran.push("called off"))();
  queue.at(11, () => ran.push("beyond"));
  queue.runUntil(10);
  expect(ran).toEqual(["late at 5"]);
  expect(queue.now).toBe(10);
});
