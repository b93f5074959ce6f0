import { expect, test } from "vitest";
import { globalFlagsLast } from "./kubectl-flags.ts";

test.each([
  ["--context west status", "status --context west"],
  [
    "--kubeconfig=/k -n shop --namespace=x -nshop status -o json",
    "status -o json --kubeconfig=/k -n shop --namespace=x -nshop",
  ],
  ["status --context west", "status --context west"],
  ["-n shop release -- web", "release -n shop -- web"],
  ["--version", "--version"],
  ["--context", "--context"],
  ["", ""],
])("%s is %s", (typed, meant) => {
  const words = (text: string): readonly string[] => text.split(" ").filter((word) => word !== "");
  expect(globalFlagsLast(words(typed))).toEqual(words(meant));
});
