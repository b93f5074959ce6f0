import { expect, test } from "vitest";
import { ManualClock } from "../../../test/time/manual-clock.ts";
import { progressAfter } from "./progress.ts";

test("what is quick is not told; later the last word is, and every new one", () => {
  const clock = new ManualClock();
  const said: string[] = [];
  const { tell, end } = progressAfter(2_000, clock, (text) => said.push(text));
  tell("one");
  tell("two");
  clock.advance(1_999);
  expect(said).toEqual([]);
  clock.advance(1);
  tell("two");
  tell("three");
  end();
  expect(said).toEqual(["two", "three"]);
});
